import * as E from '@parley/domain/either';
import { decodeWith } from '@parley/domain/text';
import { coreNotices as notices } from '@parley/domain/wire/core-notices';
import type { LiveEvent } from '@parley/domain/wire/live';
import type { NoticeOf } from '@parley/domain/wire/notices';
import type * as t from 'io-ts';

type NoticeName = keyof typeof notices;

/** What the server sends without being asked, by the method that carries it. */
export type LiveNotices = { readonly [N in NoticeName]: N extends 'event' ? LiveEvent : NoticeOf<N> };

/** Where members' watermarks are now: of each the newest alone. */
export type Receipts = NoticeOf<'receipts'>;

export type LiveNotice = {
  [N in keyof LiveNotices]: { readonly name: N; readonly value: LiveNotices[N] };
}[keyof LiveNotices];

/** One about a call, as it came: voice/voice-notices.ts has the codecs, so that clients without calls need not load them. */
export type RawNotice = { readonly method: string; readonly params: unknown };

/** Reads a notification; undefined for methods and shapes that this version does not know. */
export function readNotice(method: string, params: unknown): LiveNotice | undefined {
  if (!Object.hasOwn(notices, method)) return undefined;
  const name = method as NoticeName;
  const decoded = decodeWith(notices[name] as t.Type<unknown>, params);
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
    case 'member.erased':
      return event.data.user === user ? 'exits' : undefined;
    case 'conversation.erased':
      return 'exits';
    default:
      return undefined;
  }
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
