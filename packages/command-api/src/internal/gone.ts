import { deedsOf } from '@parley/domain/conversation/recent';
import type { Conversation } from '@parley/domain/conversation/state';
import type { SeqRange } from '@parley/domain/conversation/vocabulary';
import type { Envelope } from '@parley/domain/log/envelope';

/**
 * Messages that a page of events tells of and that are gone already, though the log may still have what they said: those that the state
 * remembers as gone, and those that the page itself says are.
 */
export function goneAmong({ recent }: Conversation, events: readonly Envelope[]): ReadonlySet<number> {
  const gone = new Set(deedsOf(recent).flatMap((deed) => (deed.gone ? [deed.seq] : [])));
  const told = [...new Set(events.flatMap((event) => messageOf(event) ?? []))].sort((a, b) => a - b);
  for (const [from, to] of events.flatMap(rangesOf))
    for (let at = firstFrom(told, from); (told[at] ?? Number.POSITIVE_INFINITY) <= to; at++)
      gone.add(told[at] as number);
  return gone;
}

/** Seq of the message that an event tells of: the one it is, or the one it changes. */
export function messageOf({ type, seq, data }: Envelope): number | undefined {
  if (type === 'message.sent') return seq;
  return type === 'message.edited' || type === 'message.reacted' ? data.seq : undefined;
}

/** Messages that an event takes away. */
function rangesOf({ type, data }: Envelope): readonly SeqRange[] {
  if (type === 'message.deleted' || type === 'message.erased') return [[data.seq, data.seq]];
  return type === 'message.expired' ? data.ranges : [];
}

/** Place of the first of these that is not below `least`: a page may have thousands of ranges. */
function firstFrom(sorted: readonly number[], least: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
