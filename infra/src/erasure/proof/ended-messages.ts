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

/** The messages of one conversation that are over, folded from its events in their order. What ended first counts. */
export function endedMessages(events: Iterable<Envelope>): readonly EndedMessage[] {
  const messages = new Map<number, Message>();
  /** Tombstones of messages that the log no longer has come before their remains. */
  const deleted = new Map<number, Ended>();

  const end = (message: Message, cause: Cause, { seq, at, actor }: Envelope): void => {
    message.ended ??= { cause, seq, at, by: actor };
  };
  const endAll = (cause: Cause, event: Envelope, does: (message: Message) => boolean): void => {
    for (const message of messages.values()) if (does(message)) end(message, cause, event);
  };
  const take = (event: Placed, body: EndedBody): void => {
    if (event.type === 'message.sent') {
      const { seq, actor: author, at, data } = event;
      const known = messages.get(seq);
      if (known !== undefined) return void known.bodies.set(seq, body);
      const ended = deleted.get(seq);
      messages.set(seq, {
        seq,
        author,
        at,
        expiresAt: data.expiresAt,
        bodies: new Map([[seq, body]]),
        ended,
      });
    } else {
      messages.get(event.data.seq as number)?.bodies.set(event.seq, body);
    }
  };

  for (const event of events) {
    switch (event.type) {
      case 'message.sent':
      case 'message.edited':
        take(event, bodyOf(event.seq, event.data.body));
        break;
      case 'message.erased':
        for (const remains of event.data.remains) {
          const placed = remains as unknown as Placed & { readonly data: { readonly body: string } };
          take(placed, remainsOf(remains.seq, placed.data.body));
        }
        break;
      case 'message.deleted': {
        const message = messages.get(event.data.seq);
        if (message !== undefined) end(message, 'deleted', event);
        else deleted.set(event.data.seq, { cause: 'deleted', seq: event.seq, at: event.at, by: event.actor });
        break;
      }
      case 'message.expired':
        for (const [from, to] of event.data.ranges)
          endAll('expired', event, ({ seq }) => from <= seq && seq <= to && seq < event.seq);
        break;
      case 'member.erased':
        endAll('person erased', event, ({ author }) => author === event.data.user);
        break;
      case 'conversation.erased':
        endAll('conversation erased', event, () => true);
        break;
      default:
    }
  }
  return [...messages.values()].flatMap(({ bodies, ended, expiresAt, ...message }) =>
    ended === undefined
      ? []
      : [
          {
            ...message,
            ...(expiresAt === undefined ? {} : { expiresAt }),
            ended,
            bodies: [...bodies.values()],
          },
        ],
  );
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
