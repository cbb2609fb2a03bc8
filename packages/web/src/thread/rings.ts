import type { ParleyClient } from '@parley/client/parley-client';
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect } from 'preact/hooks';

/** Milliseconds between two drawings of all rings. */
const EVERY_MS = 1_000;

/**
 * Draws how much of their lives the messages of a list have left: one timer for all of them, while the page is looked at, and
 * none where nothing ends.
 */
export function useRings(client: ParleyClient, list: RefObject<HTMLElement | null>, isNeeded: boolean): void {
  const draw = (): void => {
    if (list.current !== null && isNeeded) drawRings(list.current, client.now());
  };
  useLayoutEffect(draw);
  useEffect(() => {
    if (!isNeeded) return;
    const timer = setInterval(() => document.visibilityState === 'visible' && draw(), EVERY_MS);
    document.addEventListener('visibilitychange', draw);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', draw);
    };
  }, [client, isNeeded]);
}

/** Sixtieths of a ring that are drawn apart. */
const STEPS = 60;

function drawRings(list: HTMLElement, now: number): void {
  for (const ring of list.querySelectorAll<SVGElement>('.ring')) {
    const { ends, life } = ring.dataset;
    const left = Math.max(0, Math.min(1, (Number(ends) - now) / Number(life)));
    const drawn = String(Math.ceil(left * STEPS) / STEPS);
    if (ring.dataset.left === drawn) continue;
    ring.dataset.left = drawn;
    ring.style.setProperty('--left', drawn);
  }
}
