import { covers } from '../conversation/covers.js';
import { isHole, type LiveEvent } from './live.js';
import type { Watermarks } from './receipts.js';

/**
 * How many messages of a conversation one of its members has not read, kept exact by the events and receipts they are
 * told. What is counted is what the server counts: messages after what they read or sent, less deleted and expired ones.
 */
export type Unread = {
  readonly count: number;
  /** Seq of the newest event counted. */
  readonly asOf: number;
  /** The newest seq they have read, or sent. */
  readonly readTo: number;
  /** Those of the unread messages that came after `knownFrom`, oldest first; the others are known by their number alone. */
  readonly known: readonly number[];
  readonly knownFrom: number;
  /** Seq of the newest event that took one of `known` away; 0 without one. */
  readonly removedAt: number;
};

/** Unread messages known one by one. Beyond, the oldest is only counted. */
export const MAX_KNOWN_UNREAD = 256;

type Event = Pick<LiveEvent, 'seq' | 'type' | 'actor' | 'data'>;

/** What the server counted: as a view of the conversation has it, or a receipt. */
export function unreadOf(counted: {
  readonly unread: number;
  readonly revision: number;
  readonly read: number;
}): Unread {
  const { unread: count, revision, read: readTo } = counted;
  return { count, asOf: revision, readTo, known: [], knownFrom: revision, removedAt: 0 };
}

/**
 * After an event of the conversation; undefined where the server must be asked: events between are missing, or a message was
 * removed of which it is not known whether it was counted.
 */
export function unreadAfterEvent(unread: Unread, event: Event, user: string): Unread | undefined {
  if (event.seq <= unread.asOf) return unread;
  if (event.seq > unread.asOf + 1) return undefined;
  const next = { ...unread, asOf: event.seq };
  const { seq, ranges } = event.data as { seq: number; ranges: readonly (readonly [number, number])[] };
  switch (event.type) {
    case 'message.sent':
      if (event.seq <= next.readTo) return next;
      return event.actor === user ? allRead(next, event.seq) : oneMore(next, event.seq);
    case 'message.deleted':
      return without(next, [[seq, seq]]);
    case 'message.expired':
      return without(next, ranges);
    // All that they wrote is gone: how much of it was unread is not said.
    case 'member.erased':
      return undefined;
    // It may have been the user's own, up to which they have read.
    case 'message.erased':
      return isHole(event) ? undefined : next;
    default:
      return next;
  }
}

/**
 * After a receipt of the user's own; undefined where the server must be asked. Without a count before, what the receipt
 * itself counted is taken.
 */
export function unreadAfterReceipt(
  unread: Unread | undefined,
  receipt: Pick<Watermarks, 'read' | 'unread' | 'revision'>,
): Unread | undefined {
  const { read, unread: count, revision } = receipt;
  const counted =
    count === undefined || revision === undefined ? undefined : unreadOf({ unread: count, revision, read });
  if (unread === undefined) return counted;
  if (read <= unread.readTo) return unread;
  if (read >= unread.knownFrom) {
    const known = unread.known.filter((seq) => seq > read);
    return {
      ...unread,
      count: known.length,
      readTo: read,
      known,
      knownFrom: Math.max(read, unread.knownFrom),
    };
  }
  if (counted === undefined || counted.asOf >= unread.asOf) return counted;
  // Counted before the newest events were known there: what came since is added, if nothing was taken away.
  if (counted.asOf < unread.knownFrom || unread.removedAt > counted.asOf) return undefined;
  const known = unread.known.filter((seq) => seq > counted.asOf);
  return { ...unread, ...counted, count: counted.count + known.length, asOf: unread.asOf, known };
}

/** Without a message that has ended before the log says so; the tombstone, when it comes, takes nothing away twice. */
export function unreadWithout(unread: Unread, seq: number): Unread {
  const { count, readTo, known, knownFrom, asOf } = unread;
  const isCounted = seq > knownFrom ? known.includes(seq) : seq > readTo && count > known.length;
  if (!isCounted) return unread;
  return { ...unread, count: count - 1, known: known.filter((each) => each !== seq), removedAt: asOf };
}

const allRead = (unread: Unread, seq: number): Unread => ({
  ...unread,
  count: 0,
  readTo: seq,
  known: [],
  knownFrom: seq,
});

function oneMore(unread: Unread, seq: number): Unread {
  const [oldest = 0, ...rest] = unread.known;
  const count = unread.count + 1;
  return unread.known.length < MAX_KNOWN_UNREAD
    ? { ...unread, count, known: [...unread.known, seq] }
    : { ...unread, count, known: [...rest, seq], knownFrom: oldest };
}

function without(unread: Unread, ranges: readonly (readonly [number, number])[]): Unread | undefined {
  const { count, readTo, known, knownFrom, asOf } = unread;
  const onlyCounted = count - known.length;
  const reachesThem = ranges.some(([from, to]) => from <= knownFrom && to > readTo);
  if (onlyCounted > 0 && readTo < knownFrom && reachesThem) return undefined;
  const kept = known.filter((seq) => !covers(ranges, seq));
  if (kept.length === known.length) return unread;
  return { ...unread, count: onlyCounted + kept.length, known: kept, removedAt: asOf };
}
