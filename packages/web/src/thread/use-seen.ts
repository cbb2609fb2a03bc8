import { useCallback, useEffect, useRef } from 'preact/hooks';

/** Milliseconds something must be in view until it counts as seen. */
const SEEN_AFTER_MS = 200;

/**
 * Calls `see` a moment after the returned function was called, and when the person comes back to the page; never while they
 * look at another one.
 */
export function useSeen(see: () => void): () => void {
  const latest = useRef(see);
  latest.current = see;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const soon = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      if (document.visibilityState === 'visible' && document.hasFocus()) latest.current();
    }, SEEN_AFTER_MS);
  }, []);
  useEffect(() => {
    addEventListener('focus', soon);
    document.addEventListener('visibilitychange', soon);
    return () => {
      clearTimeout(timer.current);
      removeEventListener('focus', soon);
      document.removeEventListener('visibilitychange', soon);
    };
  }, [soon]);
  return soon;
}
