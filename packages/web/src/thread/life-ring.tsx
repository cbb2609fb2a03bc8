import { momentOf } from '../text/times.js';

type LifeRingProps = { readonly from: number; readonly expiresAt: number };

/** How much of its life a message has left, as a ring that empties; in words, when it ends. It is drawn by `useRings`. */
export function LifeRing({ from, expiresAt }: LifeRingProps) {
  const words = `Disappears ${momentOf(expiresAt)}`;
  return (
    <span class="expires" role="img" aria-label={words} title={words}>
      <svg
        class="ring"
        viewBox="0 0 16 16"
        aria-hidden="true"
        data-ends={expiresAt}
        data-life={Math.max(1, expiresAt - from)}
      >
        <circle cx="8" cy="8" r="5.6" />
        <circle class="left" cx="8" cy="8" r="5.6" pathLength="1" />
      </svg>
    </span>
  );
}
