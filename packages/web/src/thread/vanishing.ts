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
      if (matchMedia('(prefers-reduced-motion: reduce)').matches || document.visibilityState === 'hidden')
        return;
      const view = scroller.getBoundingClientRect();
      for (const row of list.children as HTMLCollectionOf<HTMLElement>) {
        const { top, bottom, left, width } = row.getBoundingClientRect();
        if (bottom < view.top || top > view.bottom) continue;
        const { key = '', ends } = row.dataset;
        tops.set(key, top);
        if (ends === undefined || Number(ends) > now || kept.has(key)) continue;
        const ghost = row.cloneNode(true) as HTMLElement;
        for (const name of ['data-key', 'data-seq', 'data-ends']) ghost.removeAttribute(name);
        Object.assign(ghost.style, {
          top: `${top - view.top}px`,
          left: `${left - view.left}px`,
          width: `${width}px`,
        });
        ghosts.push(ghost);
      }
    },
    play() {
      if (ghosts.length === 0) return;
      layer.append(...ghosts);
      for (const ghost of ghosts) {
        const fade = ghost.animate([{ opacity: 1 }, { opacity: 0, transform: 'scale(0.985)' }], FADE);
        fade.onfinish = () => ghost.remove();
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
