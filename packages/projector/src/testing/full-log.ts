import type { ConversationEvent } from '@parley/domain/conversation/events';
import { type Envelope, envelop } from '@parley/domain/log/envelope';
import { sent, writerOf } from './mortal-log.js';

const NOON = 1_700_000_000_000;
const LATER = NOON + 1_000 * 365 * 86_400_000;

/** A conversation that has something in every column of its rows but for when it was erased. */
export function full(conversationId: string): readonly Envelope[] {
  const writer = writerOf(conversationId);
  let at = NOON;
  const next = (event: ConversationEvent, actor?: string) => writer.next(event, ++at, actor);
  const people = ['ann', 'ben', 'cem', 'dan'];
  const members = people.map((user) => ({ user, role: 'owner' as const, banHash: `h-${user}` }));
  const message = (ordinal: number, more: object): ConversationEvent => {
    const plain = sent(ordinal) as Extract<ConversationEvent, { type: 'message.sent' }>;
    return { ...plain, data: { ...plain.data, ...more } };
  };
  const body = 'p0.{"kind":"text","text":"edited"}';
  return [
    next({
      type: 'conversation.created',
      data: { kind: 'group', ttl: 3_600, members, title: 'p0.den', expiresAt: LATER },
    }),
    next(message(1, { sentAt: NOON - 5 })),
    next(message(2, { replyTo: 2, expiresAt: LATER - 7 }), 'ben'),
    next(message(3, {})),
    next(message(4, {})),
    next({ type: 'message.edited', data: { seq: 4, body } }),
    next({ type: 'message.deleted', data: { seq: 5 } }),
    next({ type: 'message.reacted', data: { seq: 2, emoji: '👍', removed: false } }, 'cem'),
    next({ type: 'message.pinned', data: { seq: 2, author: 'ann' } }),
    next({ type: 'member.left', data: {} }, 'cem'),
    next({ type: 'member.banned', data: { banHash: 'h-dan' } }),
    next({ type: 'call.started', data: { media: 'voice', device: 'phone', p2pMax: 4 } }),
    next({ type: 'call.joined', data: { call: 12, device: 'laptop' } }, 'ben'),
    next({ type: 'call.left', data: { call: 12, participant: 13, user: 'ben', why: 'lost' } }, 'ben'),
    next({ type: 'call.ended', data: { call: 12 } }),
    next({ type: 'conversation.held', data: { reason: 'case 7' } }),
  ];
}

/** Somebody's messages, which were erased with their conversation. */
export function erased(conversationId: string): readonly Envelope[] {
  const before = ordinary(conversationId, 2);
  const place = { conversationId, seq: before.length + 1, at: NOON + 99, actor: 'eve', commandId: 'c-erase' };
  return [...before, envelop({ type: 'conversation.erased', data: {} }, place)];
}

/** Somebody's messages, and nothing else. */
export function ordinary(conversationId: string, messages: number): readonly Envelope[] {
  const writer = writerOf(conversationId);
  const members = [{ user: 'eve', role: 'owner' as const, banHash: 'h-eve' }];
  return [
    writer.next({ type: 'conversation.created', data: { kind: 'group', ttl: null, members } }, NOON),
    ...Array.from({ length: messages }, (_, index) => writer.next(sent(index + 1), NOON + index, 'eve')),
  ];
}
