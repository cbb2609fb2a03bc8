import { isOver } from '../conversation/access.js';
import type { History } from './history.js';
import { isThere } from './timeline.js';

export type ReadersThen = {
  /** Seq of somebody's newest message, 0 without one: sending counts as having read what was there. */
  newestOf(user: string): number;
  /** How many messages somebody had not read who had marked up to this seq. */
  unread(user: string, marked: number): number;
};

/**
 * What people had read of a conversation. Unread is the newest ordinal, less that at their watermark, less what is gone after it. One look at
 * the whole timeline, then a search for each of them.
 *
 * @param now the time of that moment, in ms: what was due by then counts as gone, tombstone or not
 */
export function readersThen({ timeline, messages }: History, now: number): ReadersThen {
  const seqs: number[] = [];
  const ordinals: number[] = [];
  const gone: number[] = [];
  const newest = new Map<string, number>();
  for (const message of timeline) {
    seqs.push(message.seq);
    ordinals.push(message.ordinal);
    newest.set(message.author, message.seq);
    if (!isThere(message) || isOver(message.expiresAt, now)) gone.push(message.seq);
  }
  const newestOf = (user: string): number => newest.get(user) ?? 0;
  return {
    newestOf,
    unread(user, marked) {
      const watermark = Math.max(marked, newestOf(user));
      const seen = upTo(seqs, watermark);
      const ordinal = seen === 0 ? (ordinals[0] ?? messages + 1) - 1 : (ordinals[seen - 1] as number);
      return messages - ordinal - (gone.length - upTo(gone, watermark));
    },
  };
}

/** How many of these, ascending, are not above `most`. */
function upTo(sorted: readonly number[], most: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) <= most) low = middle + 1;
    else high = middle;
  }
  return low;
}
