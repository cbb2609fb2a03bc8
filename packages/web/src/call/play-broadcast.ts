import { RefusalError } from '@parley/client/refusal-error';

type Address = { readonly url: string };

/** Milliseconds until a playlist that is not there yet is asked for again. */
const AGAIN_MS = 2_000;

/** Plays HLS: by the browser where it can, else by a library that comes for it. `onProblem` gets a sentence. */
export function playBroadcast(
  address: () => Promise<Address>,
  video: HTMLVideoElement,
  onProblem: (sentence: string) => void,
): { stop(): void } {
  let isOver = false;
  let release = (): void => undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const begin = async (): Promise<void> => {
    try {
      const { url } = await address();
      if (isOver) return;
      if (video.canPlayType('application/vnd.apple.mpegurl') !== '') {
        video.src = url;
        release = () => video.removeAttribute('src');
      } else release = await byLibrary(url, video, again, onProblem);
      if (isOver) release();
    } catch (error) {
      if (isOver) return;
      if (!(error instanceof RefusalError)) return onProblem('The player could not be loaded. Try again.');
      onProblem(error.message);
      if (error.retryable) again();
    }
  };
  /** From the beginning: the address is good for a while only, and a playlist comes with its first segment. */
  function again(): void {
    release();
    release = () => undefined;
    if (!isOver) timer = setTimeout(() => void begin(), AGAIN_MS);
  }
  void begin();
  return {
    stop() {
      isOver = true;
      clearTimeout(timer);
      release();
    },
  };
}

async function byLibrary(
  url: string,
  video: HTMLVideoElement,
  again: () => void,
  onProblem: (sentence: string) => void,
): Promise<() => void> {
  const { default: Hls } = await import('hls.js/light');
  if (!Hls.isSupported()) {
    onProblem('This browser cannot play broadcasts.');
    return () => undefined;
  }
  // Its worker would be a script from a blob, which the page's policy stops; segments of 2 s are little work.
  const hls = new Hls({ enableWorker: false, liveSyncDurationCount: 2 });
  hls.on(Hls.Events.ERROR, (_, { fatal, type }) => {
    if (!fatal) return;
    if (type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
    else again();
  });
  hls.on(Hls.Events.MANIFEST_PARSED, () => void video.play().catch(() => undefined));
  hls.loadSource(url);
  hls.attachMedia(video);
  return () => hls.destroy();
}
