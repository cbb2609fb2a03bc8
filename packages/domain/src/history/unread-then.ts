import { isOver } from '../conversation/access.js';
import type { History } from './history.js';
import { isThere } from './timeline.js';

/** How many messages a member had not read who had read up to this seq. */
export type UnreadThen = (user: string, read: number) => number;

/**
 * Counts what members had not read: the newest ordinal, less that at their watermark, less what is gone after it. Sending counts as having
 * read. One look at the whole timeline, then a search for each member.
 *
 * @param now the time of that moment, in ms: what was due by then counts as gone, tombstone or not
 */
export function unreadThen({ timeline, messages }: History, now: number): UnreadThen {
  const seqs: number[] = [];
  const ordinals: number[] = [];
  const gone: number[] = [];
  const newestOf = new Map<string, number>();
  for (const message of timeline) {
    seqs.push(message.seq);
    ordinals.push(message.ordinal);
    newestOf.set(message.author, message.seq);
    if (!isThere(message) || isOver(message.expiresAt, now)) gone.push(message.seq);
  }
  return (user, read) => {
    const watermark = Math.max(read, newestOf.get(user) ?? 0);
    const seen = upTo(seqs, watermark);
    const ordinal = seen === 0 ? (ordinals[0] ?? messages + 1) - 1 : (ordinals[seen - 1] as number);
    return messages - ordinal - (gone.length - upTo(gone, watermark));
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
