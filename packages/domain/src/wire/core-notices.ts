import * as t from 'io-ts';
import { shape } from '../shape.js';
import { PresenceView } from './presence.js';
import { MemberWatermarks } from './receipts.js';

/** What a gateway says of conversations and people; of calls, see voice.ts. Types of events and reasons that a newer server knows pass. */
export const coreNotices = {
  /** An event of a conversation, each once and in the order of its seqs. */
  event: shape({
    conversationId: t.string,
    seq: t.number,
    type: t.string,
    at: t.number,
    actor: t.string,
    commandId: t.string,
    data: t.UnknownRecord,
  }),
  /**
   * Where members' watermarks are now: of each the newest alone. `unread` is how many messages that user has not read, counted
   * at `revision`, where it is known. In conversations of more than 100 members each is told of their own, and of the
   * few who are furthest.
   */
  receipts: shape({ conversationId: t.string, watermarks: t.readonlyArray(MemberWatermarks) }),
  /**
   * Somebody types, for `expiresInMs` from now on unless it is said again; 0 when they have stopped. A message of theirs ends it
   * too, without a notice. Not told in a crowd, nor to a reader who is behind.
   */
  typing: shape({ conversationId: t.string, user: t.string, expiresInMs: t.number }),
  /** People this connection watches who are there otherwise than before. */
  presence: shape({ people: t.readonlyArray(PresenceView) }),
  /** I entered a conversation with the event `seq`. */
  'conversation.added': shape({ conversationId: t.string, seq: t.number }),
  /**
   * What was missed of this conversation cannot be replayed: read it anew. What comes live from now on follows `seq`; without
   * it nothing follows.
   */
  resync: shape({ conversationId: t.string, reason: t.string }, { seq: t.number }),
  /** The token ends in `inMs`: give a new one by `session.renew`, or the connection is closed then. */
  'session.expiring': shape({ expiresAt: t.number, inMs: t.number }),
} as const;
