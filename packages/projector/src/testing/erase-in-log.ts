import { SYSTEM } from '@parley/domain/ids';
import { type Envelope, envelop } from '@parley/domain/log/envelope';
import { follow, noTrace, unsaid } from '../erasure/trace.js';

/** An event and its place in the stream. */
export type Placed = { readonly streamSeq: number; readonly event: Envelope };

/** A log with something erased from it: what was appended while it was whole, and the places that are emptied. */
export type ErasedLog = { readonly whole: readonly Placed[]; readonly emptied: readonly number[] };

/** What a worker does about a deleted message, to a log that is a list. Places emptied are in the order in which it empties them. */
export function eraseInLog({ whole, emptied }: ErasedLog, conversationId: string, seq: number): ErasedLog {
  const there = whole.filter(({ streamSeq }) => !emptied.includes(streamSeq));
  const own = there.filter(({ event }) => event.conversationId === conversationId);
  const trace = own.reduce(
    (before, { streamSeq, event }) => follow(before, streamSeq, event, event),
    noTrace(seq),
  );
  const remains = unsaid(trace);
  if (!trace.isDeleted || remains.length === 0) return { whole, emptied };
  const newest = own.at(-1)?.event as Envelope;
  const place = {
    conversationId,
    seq: newest.seq + 1,
    at: newest.at,
    actor: SYSTEM,
    commandId: `erase-${seq}-${remains[0]?.streamSeq}`,
  };
  const event = envelop({ type: 'message.erased', data: { seq, remains, ...trace.fate } }, place);
  const streamSeq = (whole.at(-1)?.streamSeq ?? 0) + 1;
  return {
    whole: [...whole, { streamSeq, event }],
    emptied: [...emptied, ...remains.map((left) => left.streamSeq).toReversed()],
  };
}
