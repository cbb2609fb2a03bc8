import type { LiveEvent } from '@parley/domain/wire/live';
import type { MessagePage, MessageView } from '@parley/domain/wire/views';
import fc from 'fast-check';

/** What happens in a generated conversation: an event without its place. `target` picks one of the messages sent so far. */
export type Happening =
  | { readonly tag: 'sent'; readonly by: string }
  | { readonly tag: 'edited' | 'deleted' | 'expired'; readonly target: number }
  /** Everything of a person is erased; in a model they may come back. */
  | { readonly tag: 'personErased'; readonly of: string }
  | {
      readonly tag: 'reacted';
      readonly by: string;
      readonly target: number;
      readonly emoji: string;
      readonly removed: boolean;
    }
  | { readonly tag: 'renamed' };

export const text = (text: string) => ({ kind: 'text', text }) as const;

/** A log of these happenings, dense from 1. One that has no message to be about is a renaming. */
export function logOf(happenings: readonly Happening[]): readonly LiveEvent[] {
  const sent: number[] = [];
  return happenings.map((happening, index) => {
    const seq = index + 1;
    const place = { conversationId: 'c', seq, at: seq * 10, commandId: `c${seq}` };
    if (happening.tag === 'sent') {
      sent.push(seq);
      const data = { ordinal: sent.length, body: text(`message ${seq}`) };
      return { ...place, type: 'message.sent', actor: happening.by, data };
    }
    if (happening.tag === 'personErased')
      return { ...place, type: 'member.erased', actor: '@system', data: { user: happening.of } };
    const target =
      happening.tag === 'renamed' ? undefined : sent[happening.target % Math.max(1, sent.length)];
    if (target === undefined)
      return { ...place, type: 'conversation.renamed', actor: 'bob', data: { title: 'x' } };
    switch (happening.tag) {
      case 'edited':
        return {
          ...place,
          type: 'message.edited',
          actor: 'bob',
          data: { seq: target, body: text(`edit ${seq}`) },
        };
      case 'deleted':
        return { ...place, type: 'message.deleted', actor: 'bob', data: { seq: target } };
      case 'expired':
        return { ...place, type: 'message.expired', actor: '@system', data: { ranges: [[target, target]] } };
      case 'reacted': {
        const { by, emoji, removed } = happening;
        return { ...place, type: 'message.reacted', actor: by, data: { seq: target, emoji, removed } };
      }
      default:
        throw new Error('a renaming is about no message');
    }
  });
}

/** The messages of a log as a server shows them to `reader`, folded from its events in the plainest way. */
export function messagesOf(log: readonly LiveEvent[], reader: string): readonly MessageView[] {
  const messages = new Map<number, { view: MessageView; reactions: Map<string, Set<string>> }>();
  for (const { seq, type, actor, at, data } of log) {
    const target = messages.get(data.seq as number);
    const body = data.body as MessageView['body'];
    if (type === 'message.sent')
      messages.set(seq, {
        view: { seq, ordinal: data.ordinal as number, author: actor, at, body },
        reactions: new Map(),
      });
    if (type === 'message.expired')
      for (const gone of messages.keys())
        if ((data.ranges as [number, number][]).some(([from, to]) => from <= gone && gone <= to))
          messages.delete(gone);
    if (type === 'member.erased')
      for (const message of messages.values()) {
        for (const users of message.reactions.values()) users.delete(data.user as string);
        if (message.view.author === data.user && message.view.deletedAt === undefined) bury(message, at);
      }
    if (target === undefined || target.view.deletedAt !== undefined) continue;
    if (type === 'message.edited') target.view = { ...target.view, body, editedAt: at };
    if (type === 'message.deleted') bury(target, at);
    if (type === 'message.reacted') {
      const users = target.reactions.get(data.emoji as string) ?? new Set();
      target.reactions.set(data.emoji as string, users);
      if (data.removed) users.delete(actor);
      else users.add(actor);
    }
  }
  return [...messages.values()].map(({ view, reactions }) => {
    const counted = [...reactions]
      .filter(([, users]) => users.size > 0)
      .map(([emoji, users]) => ({ emoji, count: users.size, mine: users.has(reader) }))
      .sort((one, other) => (one.emoji < other.emoji ? -1 : 1));
    return counted.length === 0 ? view : { ...view, reactions: counted };
  });
}

function bury(
  message: { view: MessageView; readonly reactions: Map<string, Set<string>> },
  at: number,
): void {
  const { editedAt: _, ...view } = message.view;
  message.view = { ...view, body: null, deletedAt: at };
  message.reactions.clear();
}

/** A page of the log as it was at `revision`. */
export function pageAt(
  log: readonly LiveEvent[],
  revision: number,
  place: { readonly before?: number; readonly after?: number; readonly limit: number },
  reader: string,
): MessagePage {
  const all = messagesOf(log.slice(0, revision), reader);
  const { before = Number.POSITIVE_INFINITY, after, limit } = place;
  const fitting = all.filter(({ seq }) => (after === undefined ? seq < before : seq > after));
  const messages = after === undefined ? fitting.slice(-limit) : fitting.slice(0, limit);
  return { messages, hasMore: fitting.length > messages.length, revision };
}

const target = fc.nat(30);
const who = fc.constantFrom('ann', 'bob', 'cid');
/** Anything that can happen. */
export const someHappening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ tag: fc.constant('sent' as const), by: who }) },
  { weight: 3, arbitrary: fc.record({ tag: fc.constantFrom('edited', 'deleted', 'expired'), target }) },
  {
    weight: 3,
    arbitrary: fc.record({
      tag: fc.constant('reacted' as const),
      by: who,
      target,
      emoji: fc.constantFrom('+1', '🌹'),
      removed: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ tag: 'renamed' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ tag: fc.constant('personErased' as const), of: fc.constantFrom('bob', 'cid') }),
  },
);
