import * as t from 'io-ts';
import { Actor, CommandId, Instant, Seq, UserId } from '../ids.js';
import { shape } from '../shape.js';
import { boundedInteger, boundedText, patternedText } from '../text.js';

/** `direct`: two people, one per pair. `group`: up to 10,000. `channel`: admins post, many read. */
export const Kind = t.keyof({ direct: null, group: null, channel: null }, 'direct, group or channel');
export type Kind = t.TypeOf<typeof Kind>;

export const Role = t.keyof({ owner: null, admin: null, member: null }, 'owner, admin or member');
export type Role = t.TypeOf<typeof Role>;

/** Most members of each kind. */
export const MAX_MEMBERS: Readonly<Record<Kind, number>> = { direct: 2, group: 10_000, channel: 100_000 };

/** Most people one command may name. */
export const MAX_USERS_PER_COMMAND = 500;

export const Title = boundedText('title', 1, 256);
export const Emoji = boundedText('emoji', 1, 64);

/** A life that a message asks for: 5 seconds to 365 days, in seconds. */
export const Life = boundedInteger('ttl', 5, 31_536_000);

/** Life of the messages of a conversation, or null for none. */
export const Ttl = t.union([Life, t.null], 'whole seconds from 5 to 31536000, or null');
export type Ttl = t.TypeOf<typeof Ttl>;

/** How far ahead, in ms, an end must be when it is set: as far as the shortest life. */
export const LEAST_AHEAD = 5_000;

/** When a conversation itself ends, in ms since 1970 UTC, or null for never. */
export const Ending = t.union([Instant, t.null], 'a time in ms, or null');
export type Ending = t.TypeOf<typeof Ending>;

/** Why a conversation is on legal hold; its members read it. */
export const HoldReason = boundedText('reason', 1, 500);

/** Messages that may be pinned in a conversation at once. */
export const MAX_PINS = 50;

/** A pinned message, who wrote it, because with them it goes, and when its life is over, in ms. */
export const Pin = shape({ seq: Seq, author: Actor }, { expiresAt: Instant });
export type Pin = t.TypeOf<typeof Pin>;

/** Keyed hash under which a person is banned; made by the command-api, opaque here. */
export const BanHash = patternedText('banHash', /^[A-Za-z0-9_-]{1,64}$/, 'a keyed hash');
export type BanHash = t.TypeOf<typeof BanHash>;

/** Someone who enters a conversation. */
export const Entry = shape({ user: UserId, role: Role, banHash: BanHash });
export type Entry = t.TypeOf<typeof Entry>;

/** First and last seq of a run of messages, both included. */
export const SeqRange = t.tuple([
  boundedInteger('from', 1, Number.MAX_SAFE_INTEGER),
  boundedInteger('to', 1, Number.MAX_SAFE_INTEGER),
]);
export type SeqRange = t.TypeOf<typeof SeqRange>;

/** A source of commands. */
export const ProducerId = patternedText(
  'producer.id',
  /^[A-Za-z0-9_=.:-]{1,100}$/,
  "1 to 100 of letters, digits, '_', '-', '=', '.', ':'",
);

/**
 * Position of a command in an ordered source, such as the line of a file: the conversation remembers the last one of
 * each source and answers anything at or before it as already done. An idempotent producer, as Kafka has it.
 */
export const Producer = shape({
  id: ProducerId,
  position: boundedInteger('producer.position', 1, Number.MAX_SAFE_INTEGER),
});
export type Producer = t.TypeOf<typeof Producer>;

/**
 * What is left of an event whose message was taken out of the log: everything but the body. `streamSeq` is where it was in its
 * stream. With it a log that lacks the event is folded to the same rows, the same digest and the same memory of commands.
 */
export const Remains = shape(
  {
    streamSeq: Seq,
    seq: Seq,
    type: t.string,
    version: boundedInteger('version', 1, 1_000),
    at: Instant,
    actor: Actor,
    commandId: CommandId,
    data: t.unknown,
  },
  { producer: Producer },
);
export type Remains = t.TypeOf<typeof Remains>;

/** Remains in one event, so that it surely fits into one message of the broker; the rest follows in another. */
export const MAX_REMAINS = 500;

/**
 * What had become of an erased message by then: when it was deleted, or its author erased, and whether it has expired. Its remains
 * come after all that, so they must say it.
 */
export const Fate = { deletedAt: Instant, expired: t.literal(true) };
const Become = shape({}, Fate);
export type Fate = t.TypeOf<typeof Become>;
