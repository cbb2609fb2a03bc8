import type { CallSession } from '@parley/client/voice/call-types';
import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';
import { drawnSize, isSameShape } from './drawn-size.js';
import type { View } from './views.js';

/** Sizes are told in steps of so many device pixels: a little more or less changes no layer. */
const STEP = 32;

/**
 * Tells the call how large the picture of a view is drawn, also what its box cuts off of it, and that nobody sees it while it is scrolled away or the page
 * is hidden.
 */
export function useShown(
  session: CallSession,
  element: RefObject<HTMLElement | null>,
  { participant, isMe }: View['tile'],
  source: View['source'],
  isPlaying: boolean,
): void {
  useEffect(() => {
    const view = element.current;
    if (view === null || isMe || !isPlaying) return;
    let isInView = true;
    let picture = { width: 0, height: 0 };
    let said: string | undefined;
    const tell = (): void => {
      const { clientWidth, clientHeight } = view;
      const { videoWidth = 0, videoHeight = 0 } = view.querySelector('video') ?? {};
      const come = { width: videoWidth, height: videoHeight };
      // What it is scaled to on the way must not change what is asked for.
      if (videoWidth > 0 && !isSameShape(picture, come)) picture = come;
      const box = { width: clientWidth, height: clientHeight };
      const { width, height } = drawnSize(box, picture, source === 'camera');
      const size =
        isInView && document.visibilityState === 'visible' && clientWidth > 0
          ? { width: pixels(width), height: pixels(height) }
          : null;
      const words = JSON.stringify(size);
      if (words === said) return;
      said = words;
      session.shown(participant, source, size);
    };
    const sizes = new ResizeObserver(tell);
    const sight = new IntersectionObserver(([entry]) => {
      isInView = entry?.isIntersecting ?? true;
      tell();
    });
    sizes.observe(view);
    sight.observe(view);
    // Of a video, which tells nobody above it: its picture has another shape.
    view.addEventListener('resize', tell, true);
    document.addEventListener('visibilitychange', tell);
    return () => {
      sizes.disconnect();
      sight.disconnect();
      view.removeEventListener('resize', tell, true);
      document.removeEventListener('visibilitychange', tell);
      session.shown(participant, source, null);
    };
  }, [session, participant, isMe, source, isPlaying]);
}

const pixels = (css: number): number => Math.ceil((css * devicePixelRatio) / STEP) * STEP;
