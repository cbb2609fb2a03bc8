import { decodeWith } from '@parley/domain/text';
import type { LiveEvent } from '@parley/domain/wire/live';
import type { Watermarks } from '@parley/domain/wire/views';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';

/** What the server sends without being asked, by the method that carries it. */
export type LiveNotices = {
  readonly event: LiveEvent;
  readonly receipts: Receipts;
  readonly 'conversation.added': { readonly conversationId: string; readonly seq: number };
  /** What comes live from now on follows `seq`; without it nothing follows. */
  readonly resync: { readonly conversationId: string; readonly reason: string; readonly seq?: number };
};

/** Where members' watermarks are now: of each the newest alone. */
export type Receipts = {
  readonly conversationId: string;
  readonly watermarks: readonly Omit<Watermarks, 'conversationId'>[];
};

/** Types of events that a newer server knows pass, so that their seqs are not taken for gaps. */
const LiveEventFrame = t.strict({
  conversationId: t.string,
  seq: t.number,
  type: t.string,
  at: t.number,
  actor: t.string,
  commandId: t.string,
  data: t.UnknownRecord,
});

const codecs: { readonly [N in keyof LiveNotices]: t.Mixed } = {
  event: LiveEventFrame,
  receipts: t.strict({
    conversationId: t.string,
    watermarks: t.readonlyArray(
      t.strict({ user: t.string, delivered: t.number, read: t.number, at: t.number }),
    ),
  }),
  'conversation.added': t.strict({ conversationId: t.string, seq: t.number }),
  resync: t.intersection([
    t.strict({ conversationId: t.string, reason: t.string }),
    t.exact(t.partial({ seq: t.number })),
  ]),
};

export type LiveNotice = {
  [N in keyof LiveNotices]: { readonly name: N; readonly value: LiveNotices[N] };
}[keyof LiveNotices];

/** Reads a notification; undefined for methods and shapes that this version does not know. */
export function readNotice(method: string, params: unknown): LiveNotice | undefined {
  if (!Object.hasOwn(codecs, method)) return undefined;
  const name = method as keyof LiveNotices;
  const decoded = decodeWith(codecs[name] as t.Type<unknown>, params);
  return E.isLeft(decoded) ? undefined : ({ name, value: decoded.right } as LiveNotice);
}

/** How an event changes the membership of `user`: whoever enters sees the conversation from that event on. */
export function passage(event: LiveEvent, user: string): 'enters' | 'exits' | undefined {
  switch (event.type) {
    case 'conversation.created':
    case 'member.added':
      return list(event.data.members).some((member) => (member as { user?: unknown }).user === user)
        ? 'enters'
        : undefined;
    case 'member.removed':
      return list(event.data.users).includes(user) ? 'exits' : undefined;
    case 'member.left':
      return event.actor === user ? 'exits' : undefined;
    default:
      return undefined;
  }
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
