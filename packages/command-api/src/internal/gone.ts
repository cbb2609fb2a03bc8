import { deedsOf } from '@parley/domain/conversation/recent';
import type { Conversation } from '@parley/domain/conversation/state';
import type { SeqRange } from '@parley/domain/conversation/vocabulary';
import type { Envelope } from '@parley/domain/log/envelope';

/**
 * Messages that are gone already though the log may still have what they said: those that the state remembers as gone, and those
 * that a page of events itself says are.
 */
export function goneAmong({ recent }: Conversation, events: readonly Envelope[]): (seq: number) => boolean {
  const seqs = new Set(deedsOf(recent).flatMap(({ seq, gone }) => (gone ? [seq] : [])));
  const ranges = events.flatMap(({ type, data }): readonly SeqRange[] => {
    if (type === 'message.deleted' || type === 'message.erased') return [[data.seq, data.seq]];
    return type === 'message.expired' ? data.ranges : [];
  });
  return (seq) => seqs.has(seq) || ranges.some(([from, to]) => from <= seq && seq <= to);
}

/** Seq of the message that an event tells of: the one it is, or the one it changes. */
export function messageOf({ type, seq, data }: Envelope): number | undefined {
  if (type === 'message.sent') return seq;
  return type === 'message.edited' || type === 'message.reacted' ? data.seq : undefined;
}
