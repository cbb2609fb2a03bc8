import type * as t from 'io-ts';
import { boundedInteger, patternedText } from './text.js';

/**
 * Identifiers. They are tokens of NATS subjects and keys of KV buckets, so their alphabet is what both accept:
 * letters, digits, `_`, `-` and `=`.
 */

/** A user: the `sub` of a token. 1 to 64 characters. */
export const UserId = patternedText(
  'userId',
  /^[A-Za-z0-9_=-]{1,64}$/,
  "1 to 64 of letters, digits, '_', '-', '='",
);
export type UserId = t.TypeOf<typeof UserId>;

/** Who acts where no person does: the expiry scheduler. Not a possible UserId, so no token can claim it. */
export const SYSTEM = '@system';

/** The author of an event: a user or the system. */
export const Actor = patternedText('actor', /^(@system|[A-Za-z0-9_=-]{1,64})$/, 'a userId');

/** A conversation: 1 to 140 characters. Ids that begin with `dm-` belong to direct conversations alone. */
export const ConversationId = patternedText(
  'conversationId',
  /^[A-Za-z0-9_=-]{1,140}$/,
  "1 to 140 of letters, digits, '_', '-', '='",
);
export type ConversationId = t.TypeOf<typeof ConversationId>;

/** A command, chosen by the client; the same id again returns the first answer. 1 to 100 characters. */
export const CommandId = patternedText(
  'commandId',
  /^[A-Za-z0-9_=.:-]{1,100}$/,
  "1 to 100 of letters, digits, '_', '-', '=', '.', ':'",
);
export type CommandId = t.TypeOf<typeof CommandId>;

/** A device of a user: the `did` of a token. */
export const DeviceId = patternedText(
  'deviceId',
  /^[A-Za-z0-9_=-]{1,64}$/,
  "1 to 64 of letters, digits, '_', '-', '='",
);
export type DeviceId = t.TypeOf<typeof DeviceId>;

/** Position of an event in its conversation: dense, from 1. */
export const Seq = boundedInteger('seq', 1, Number.MAX_SAFE_INTEGER);

/** Milliseconds since 1970-01-01 UTC, up to the year 9999. */
export const Instant = boundedInteger('time in ms', 0, 253_402_300_799_999);

/**
 * Id of the one direct conversation of two people, the same whoever asks. The length of the first id keeps
 * `a` + `b-c` and `a-b` + `c` apart.
 */
export function directConversationId(one: UserId, other: UserId): ConversationId {
  const [first, second] = one < other ? [one, other] : [other, one];
  return `dm-${first.length}-${first}-${second}`;
}

export const isDirectId = (id: ConversationId): boolean => id.startsWith('dm-');
