/** Pixels from the end that still count as being there. */
const AT_END_PX = 48;

/**
 * Keeps a scrolled list still while rows come and go above and below what one looks at. It has to be done by hand: Safari does
 * not anchor scrolling by itself, and the others give up at the very top, where a page before appears.
 *
 * Rows are the children of `list` and have a `data-key`; `scroller` is positioned, so that `offsetTop` counts from it.
 */
export type ScrollKeeper = {
  /** Whether the end is shown, and so kept in sight. */
  readonly isAtEnd: boolean;
  /** Remembers what is at the top of the view. Call it before rows change and after a person has scrolled. */
  capture(): void;
  /** Puts it back there. Call it after rows have changed. */
  restore(): void;
  toEnd(): void;
  /** Brings a row to a share of the view's height; false where there is no such row. */
  toRow(key: string, share: number): boolean;
};

export function createScrollKeeper(scroller: HTMLElement, list: HTMLElement): ScrollKeeper {
  let isAtEnd = true;
  /** Messages in view, from the top: the first of them that is still there later is what stays. */
  let anchors: readonly { readonly key: string; readonly offset: number }[] = [];

  const rowOf = (key: string): HTMLElement | undefined =>
    ([...list.children] as HTMLElement[]).find((row) => row.dataset.key === key);

  function capture(): void {
    isAtEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < AT_END_PX;
    const { scrollTop, clientHeight } = scroller;
    const found: { readonly key: string; readonly offset: number }[] = [];
    let row = rowAt(list, scrollTop);
    for (; row !== undefined && row.offsetTop < scrollTop + clientHeight; row = nextOf(row)) {
      const { key, seq } = row.dataset;
      // Lines of days and of what is new come and go, and one that sticks to the top is not where it seems to be.
      if (row.offsetTop + row.offsetHeight <= scrollTop || seq === undefined) continue;
      if (key !== undefined) found.push({ key, offset: row.offsetTop - scrollTop });
    }
    anchors = found;
  }

  return {
    get isAtEnd() {
      return isAtEnd;
    },
    capture,
    restore() {
      if (isAtEnd) {
        scroller.scrollTop = scroller.scrollHeight;
        return;
      }
      for (const { key, offset } of anchors) {
        const row = rowOf(key);
        if (row === undefined) continue;
        const top = row.offsetTop - offset;
        if (Math.abs(top - scroller.scrollTop) >= 1) scroller.scrollTop = top;
        return;
      }
    },
    toEnd() {
      isAtEnd = true;
      scroller.scrollTop = scroller.scrollHeight;
    },
    toRow(key, share) {
      const row = rowOf(key);
      if (row === undefined) return false;
      scroller.scrollTop = row.offsetTop - scroller.clientHeight * share;
      capture();
      return true;
    },
  };
}

const nextOf = (row: HTMLElement): HTMLElement | undefined =>
  (row.nextElementSibling as HTMLElement | null) ?? undefined;

/** The message row that reaches below `top`; rows are in order of their tops, so it is found by halving. */
function rowAt(list: HTMLElement, top: number): HTMLElement | undefined {
  const rows = list.children as HTMLCollectionOf<HTMLElement>;
  let [low, high] = [0, rows.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle] as HTMLElement;
    if (row.offsetTop + row.offsetHeight > top) high = middle;
    else low = middle + 1;
  }
  // Lines of days and of what is new come and go: a message stays.
  for (let index = low; index < rows.length; index++)
    if (rows[index]?.dataset.seq !== undefined) return rows[index];
  return rows[low];
}

/** The newest seq of which something is to be seen, or 0. */
export function seenSeq(scroller: HTMLElement, list: HTMLElement): number {
  const bottom = scroller.scrollTop + scroller.clientHeight - VISIBLE_PX;
  const rows = [...list.children] as HTMLElement[];
  const row = rows.findLast(({ dataset, offsetTop }) => dataset.seq !== undefined && offsetTop <= bottom);
  return Number(row?.dataset.seq ?? 0);
}

/** Less of a message than this is not seen. */
const VISIBLE_PX = 24;
