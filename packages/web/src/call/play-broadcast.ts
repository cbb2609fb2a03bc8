import { RefusalError } from '@parley/client/refusal-error';

type Address = { readonly url: string };

/** What becomes of it: it is waited for, or it cannot be watched, for a reason in a sentence. */
export type Watched = {
  onWaiting(): void;
  onProblem(sentence: string): void;
};

/** Milliseconds until a playlist that is not there yet is asked for again. */
const AGAIN_MS = 2_000;

/** Plays HLS: by a library that comes for it, else by the browser. Begins anew by itself where the broadcast does. */
export function playBroadcast(
  address: () => Promise<Address>,
  video: HTMLVideoElement,
  { onWaiting, onProblem }: Watched,
): { stop(): void } {
  let isOver = false;
  let release = (): void => undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const begin = async (): Promise<void> => {
    try {
      const { url } = await address();
      if (isOver) return;
      // The browsers' own players give up where a playlist pauses or is not there yet: they are for phones that have nothing else.
      release = canBuild() ? await byLibrary(url, video, again) : byBrowser(url, video, again);
      if (isOver) release();
    } catch (error) {
      if (isOver) return;
      const isRefusal = error instanceof RefusalError;
      if (isRefusal && error.retryable) return again();
      onProblem(isRefusal ? wordsOf(error) : 'The player could not be loaded. Try again.');
    }
  };
  /** From the beginning: the address is good for a while only, and a playlist comes with its first segment. */
  function again(): void {
    release();
    release = () => undefined;
    if (isOver) return;
    onWaiting();
    timer = setTimeout(() => void begin(), AGAIN_MS);
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

const wordsOf = ({ tag, message }: RefusalError): string =>
  tag === 'CallNotFound' ? 'The call is over, and its broadcast with it.' : message;

/** Whether a script may put a video together here. */
const canBuild = (): boolean => 'MediaSource' in globalThis || 'ManagedMediaSource' in globalThis;

async function byLibrary(url: string, video: HTMLVideoElement, again: () => void): Promise<() => void> {
  const { default: Hls } = await import('hls.js/light');
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

function byBrowser(url: string, video: HTMLVideoElement, again: () => void): () => void {
  video.src = url;
  video.addEventListener('error', again);
  return () => {
    video.removeEventListener('error', again);
    video.removeAttribute('src');
    video.load();
  };
}
