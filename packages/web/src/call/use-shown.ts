import type { CallSession } from '@parley/client/voice/call-types';
import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';
import type { View } from './views.js';

/** Sizes are told in steps of so many device pixels: a little more or less changes no layer. */
const STEP = 32;

/** Tells the call how large a view is on the screen, and that nobody sees it while it is scrolled away or the page is hidden. */
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
    let said: string | undefined;
    const tell = (): void => {
      const { clientWidth, clientHeight } = view;
      const size =
        isInView && document.visibilityState === 'visible' && clientWidth > 0
          ? { width: pixels(clientWidth), height: pixels(clientHeight) }
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
    document.addEventListener('visibilitychange', tell);
    return () => {
      sizes.disconnect();
      sight.disconnect();
      document.removeEventListener('visibilitychange', tell);
      session.shown(participant, source, null);
    };
  }, [session, participant, isMe, source, isPlaying]);
}

const pixels = (css: number): number => Math.ceil((css * devicePixelRatio) / STEP) * STEP;
