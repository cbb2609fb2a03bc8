import type { Envelope } from '@parley/domain/log/envelope';
import { NONCE_CHARACTERS, readSealedText } from '@parley/domain/sealing/sealed-text';

/** How a message came to its end: by the clock, deleted for everyone, with its author, or with its conversation. */
export type Cause = 'expired' | 'deleted' | 'person erased' | 'conversation erased';

/** The event that ended a message: what the log says of it. */
export type Ended = {
  readonly cause: Cause;
  readonly seq: number;
  readonly at: number;
  readonly by: string;
};

/** A message that is over, and the bodies it had: each by bucket and nonce, the latter where it was sealed. */
export type EndedMessage = {
  readonly seq: number;
  readonly author: string;
  readonly at: number;
  readonly expiresAt?: number;
  readonly ended: Ended;
  readonly bodies: readonly EndedBody[];
};

export type EndedBody = {
  /** Seq of the event: the message's own, or that of an edit. */
  readonly seq: number;
  /** Undefined of a body that was never sealed. */
  readonly bucket?: string;
  readonly nonce?: string;
  /** The sealed body as the log still has it; undefined once it was taken out. */
  readonly sealed?: string;
};

type Message = {
  readonly seq: number;
  readonly author: string;
  readonly at: number;
  readonly expiresAt: number | undefined;
  readonly bodies: Map<number, EndedBody>;
  ended: Ended | undefined;
};

/** Follows the events of one conversation in their order. */
export type EndedFold = {
  add(event: Envelope): void;
  /** The messages that are over by now. */
  ended(): readonly EndedMessage[];
};

/** The messages of one conversation that are over; what ended one first counts. */
export function foldEnded(): EndedFold {
  const messages = new Map<number, Message>();
  /** Tombstones of messages that the log no longer has come before their remains. */
  const deleted = new Map<number, Ended>();

  const end = (message: Message | undefined, cause: Cause, { seq, at, actor }: Envelope): void => {
    if (message !== undefined) message.ended ??= { cause, seq, at, by: actor };
  };
  const take = ({ type, seq, actor, at, data }: Placed, body: EndedBody): void => {
    const of = messages.get(type === 'message.sent' ? seq : (data.seq as number));
    if (of !== undefined) of.bodies.set(seq, body);
    else if (type === 'message.sent')
      messages.set(seq, {
        seq,
        author: actor,
        at,
        expiresAt: data.expiresAt,
        bodies: new Map([[seq, body]]),
        ended: deleted.get(seq),
      });
  };

  return {
    add(event) {
      switch (event.type) {
        case 'message.sent':
        case 'message.edited':
          return take(event, bodyOf(event.seq, event.data.body));
        case 'message.erased':
          for (const remains of event.data.remains) {
            const placed = remains as Placed & { readonly data: { readonly body: string } };
            take(placed, remainsOf(remains.seq, placed.data.body));
          }
          return;
        case 'message.deleted': {
          const { seq } = event.data;
          end(messages.get(seq), 'deleted', event);
          if (!messages.has(seq))
            deleted.set(seq, { cause: 'deleted', seq: event.seq, at: event.at, by: event.actor });
          return;
        }
        case 'message.expired':
          for (const [from, to] of event.data.ranges)
            for (let seq = from; seq <= to; seq++) end(messages.get(seq), 'expired', event);
          return;
        case 'member.erased':
          for (const message of messages.values())
            if (message.author === event.data.user) end(message, 'person erased', event);
          return;
        case 'conversation.erased':
          for (const message of messages.values()) end(message, 'conversation erased', event);
          return;
        default:
      }
    },
    ended: () =>
      [...messages.values()].flatMap(({ ended, ...message }) => (ended ? [endedOf(message, ended)] : [])),
  };
}

function endedOf({ bodies, expiresAt, ...message }: Omit<Message, 'ended'>, ended: Ended): EndedMessage {
  return {
    ...message,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ended,
    bodies: [...bodies.values()],
  };
}

/** A message or an edit, as an event or as what is left of one. */
type Placed = {
  readonly type: string;
  readonly seq: number;
  readonly at: number;
  readonly actor: string;
  readonly data: { readonly seq?: number; readonly expiresAt?: number | undefined };
};

function bodyOf(seq: number, opaque: string): EndedBody {
  const sealed = readSealedText(opaque);
  return sealed === undefined
    ? { seq, sealed: opaque }
    : { seq, bucket: sealed.bucket, nonce: sealed.payload.slice(0, NONCE_CHARACTERS), sealed: opaque };
}

/** `e0.<bucket>.<nonce>`, or `e0.` alone. */
function remainsOf(seq: number, remains: string): EndedBody {
  const [, bucket, nonce] = remains.split('.');
  return bucket === undefined || bucket === '' || nonce === undefined ? { seq } : { seq, bucket, nonce };
}
