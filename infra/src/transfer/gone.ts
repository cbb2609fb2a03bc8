import { isOver } from '@parley/domain/conversation/access';
import type { SeqRange } from '@parley/domain/conversation/vocabulary';
import type { Envelope } from '@parley/domain/log/envelope';
import { endOf } from '@parley/domain/wire/past-its-life';

/** Which messages are over, as the events of a conversation say. */
export type Gone = {
  /** Takes the next event. */
  add(event: Envelope): void;
  /** Whether what an event says may be told to nobody at `now`, in ms, now that all are taken: its message is over, or its life is. */
  has(event: Envelope, now: number): boolean;
};

/** Of all messages that are over; two numbers for each run of them. */
export function foldGone(): Gone {
  const authors = new Set<string>();
  const ranges: SeqRange[] = [];
  let merged: readonly SeqRange[] | undefined;

  return {
    add(event) {
      merged = undefined;
      if (event.type === 'message.deleted') ranges.push([event.data.seq, event.data.seq]);
      if (event.type === 'message.expired') ranges.push(...event.data.ranges);
      if (event.type === 'message.erased') ranges.push([event.data.seq, event.data.seq]);
      if (event.type === 'member.erased') authors.add(event.data.user);
    },
    has(event, now) {
      if (event.type !== 'message.sent' && event.type !== 'message.edited') return false;
      if (authors.has(event.actor) || isOver(endOf(event), now)) return true;
      merged ??= mergedRanges(ranges);
      return covered(merged, event.type === 'message.sent' ? event.seq : event.data.seq);
    },
  };
}

function mergedRanges(ranges: readonly SeqRange[]): readonly SeqRange[] {
  const merged: [number, number][] = [];
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** By halving: there may be as many runs as messages. */
function covered(merged: readonly SeqRange[], seq: number): boolean {
  let low = 0;
  let high = merged.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [from, to] = merged[middle] as SeqRange;
    if (seq < from) high = middle - 1;
    else if (seq > to) low = middle + 1;
    else return true;
  }
  return false;
}
