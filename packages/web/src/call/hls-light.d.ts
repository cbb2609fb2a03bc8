/** The library's smaller build has no types of its own: no subtitles, other audio tracks or protected media, and else the same. */
declare module 'hls.js/light' {
  export { default } from 'hls.js';
}
