/**
 * Lets messages whose time is over fade, and what is around them close up, without moving what one reads: they are out of the list
 * at once; what fades is a picture of them.
 */
export type Vanishing = {
  /** Remembers where everything is. Call it before rows change, with the keys that will still be there. */
  capture(kept: ReadonlySet<string>, now: number): void;
  /** Plays what has changed since. Call it after rows have changed and the view was put back. */
  play(): void;
};

const FADE: KeyframeAnimationOptions = { duration: 240, easing: 'ease-out', fill: 'forwards' };
const CLOSE_UP: KeyframeAnimationOptions = { duration: 260, easing: 'cubic-bezier(0.3, 0, 0.2, 1)' };

/** `layer` lies over the list and takes no part in anything. */
export function createVanishing(scroller: HTMLElement, list: HTMLElement, layer: HTMLElement): Vanishing {
  let ghosts: HTMLElement[] = [];
  let tops = new Map<string, number>();

  return {
    capture(kept, now) {
      [ghosts, tops] = [[], new Map()];
      const isGoing = ({ dataset: { key = '', ends } }: HTMLElement): boolean =>
        ends !== undefined && Number(ends) <= now && !kept.has(key);
      const going = [...list.querySelectorAll<HTMLElement>('[data-ends]')].filter(isGoing);
      if (going.length === 0 || document.visibilityState === 'hidden' || isStill()) return;
      const view = scroller.getBoundingClientRect();
      for (const row of list.children as HTMLCollectionOf<HTMLElement>) {
        const place = row.getBoundingClientRect();
        if (place.bottom < view.top || place.top > view.bottom) continue;
        tops.set(row.dataset.key ?? '', place.top);
        if (going.includes(row)) ghosts.push(ghostOf(row, place, view));
      }
    },
    play() {
      if (ghosts.length === 0) return;
      layer.append(...ghosts);
      for (const ghost of ghosts) {
        ghost.animate([{ opacity: 1 }, { opacity: 0, transform: 'scale(0.985)' }], FADE);
        // By the clock: an animation of a page that is hidden meanwhile does not end.
        setTimeout(() => ghost.remove(), FADE.duration as number);
      }
      for (const row of list.children as HTMLCollectionOf<HTMLElement>) {
        const before = tops.get(row.dataset.key ?? '');
        const by = (before ?? 0) - row.getBoundingClientRect().top;
        if (before !== undefined && Math.abs(by) >= 1)
          row.animate([{ transform: `translateY(${by}px)` }, { transform: 'none' }], CLOSE_UP);
      }
      [ghosts, tops] = [[], new Map()];
    },
  };
}

const isStill = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;

/** A picture of a row where it was; to nobody but the eye it is a message. */
function ghostOf(row: HTMLElement, place: DOMRect, view: DOMRect): HTMLElement {
  const ghost = row.cloneNode(true) as HTMLElement;
  for (const name of ['data-key', 'data-seq', 'data-ends']) ghost.removeAttribute(name);
  ghost.style.top = `${place.top - view.top}px`;
  ghost.style.left = `${place.left - view.left}px`;
  ghost.style.width = `${place.width}px`;
  return ghost;
}
