import { type Cursor, type DueConversation, fromTheStart } from './due-conversation.js';

/** Milliseconds from the beginning of a lap to that of the next, at least. */
export const LAP = 300;

type Lap = { readonly begunAt: number; cursor: Cursor; isOver: boolean };

/**
 * How what is due in each partition is gone through: in laps, page by page, those due longest first. At the end of a lap whatever
 * becomes due comes behind the last one seen, and only a new lap finds again what could not be ended, and what the rows moved forward:
 * so tombstones that are not in the rows yet are not read again and again.
 */
export type Laps = {
  /** Where to go on. */
  cursorOf(partition: number): Cursor;
  /** Takes note of a page of `most` at most; true where there is more to be read at once. */
  read(partition: number, page: readonly DueConversation[], most: number): boolean;
  forget(partition: number): void;
};

export function openLaps(now: () => number = () => performance.now()): Laps {
  const laps = new Map<number, Lap>();

  const lapOf = (partition: number): Lap => {
    const lap = laps.get(partition);
    if (lap !== undefined && !(lap.isOver && now() - lap.begunAt >= LAP)) return lap;
    const next = { begunAt: now(), cursor: fromTheStart(partition), isOver: false };
    laps.set(partition, next);
    return next;
  };

  return {
    cursorOf: (partition) => lapOf(partition).cursor,
    read(partition, page, most) {
      const lap = laps.get(partition) ?? lapOf(partition);
      lap.cursor = page.at(-1) ?? lap.cursor;
      lap.isOver = page.length < most;
      return !lap.isOver;
    },
    forget: (partition) => void laps.delete(partition),
  };
}
