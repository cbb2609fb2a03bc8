import type { ConversationEvent } from '@parley/domain/conversation/events';
import { type Envelope, envelop } from '@parley/domain/log/envelope';
import { openPlain } from '@parley/domain/sealing/opened';
import { anyEvent } from '@parley/domain/testing/arbitraries';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isShown, type MessageRow, toMessageView } from './message-row.js';
import {
  decodePage,
  encodePage,
  foldForward,
  MAX_PAGE_BYTES,
  type NewestPage,
  PAGE_ROWS,
} from './newest-page.js';
import { withReplies } from './page-replies.js';

const empty: NewestPage = { revision: 0, messages: [] };

const row = fc.record<MessageRow>({
  seq: fc.integer({ min: 1, max: 1_000 }),
  ordinal: fc.integer({ min: 1, max: 1_000 }),
  author: fc.constantFrom('ann', 'ben'),
  at: fc.nat(),
  sentAt: fc.option(fc.nat()),
  replyTo: fc.option(fc.nat()),
  expiresAt: fc.option(fc.nat()),
  editedAt: fc.option(fc.nat()),
  deletedAt: fc.option(fc.nat()),
  body: fc.option(
    fc.string({ unit: 'binary' }).map((text) => `p0.${JSON.stringify({ kind: 'text', text })}`),
  ),
  reactions: fc.constantFrom([], [{ emoji: '#1\n', count: 2, users: ['ann', 'ben'] }]),
});

const sent = (seq: number, body = 'p0.{"kind":"text","text":"hi"}'): Envelope =>
  envelop(
    { type: 'message.sent', data: { ordinal: seq, body } },
    { conversationId: 'den', seq, at: seq, actor: 'ann', commandId: `c-${seq}` },
  );

describe('the newest page of a conversation', () => {
  it('is read as it was written, its newest rows at least', () => {
    fc.assert(
      fc.property(fc.nat(), fc.array(row, { maxLength: 70 }), (revision, messages) => {
        expect(decodePage(encodePage({ revision, messages }))).toEqual({
          revision,
          messages: messages.slice(-PAGE_ROWS),
        });
      }),
    );
  });

  it.each(['', '#', '#x\n', '[1]\n', '[1\n#5\n', '[]\n#5', 'null'])(
    'is none where the text is broken: %j',
    (text) => {
      expect(decodePage(text)).toBeUndefined();
    },
  );

  it('keeps to its bound in bytes by leaving out the oldest rows', () => {
    const { messages } = foldForward(
      empty,
      Array.from({ length: 20 }, (_, index) => sent(index + 1, `p0.${'x'.repeat(60_000)}`)),
    );
    const page = decodePage(encodePage({ revision: 20, messages }));
    expect(page?.messages.map(({ seq }) => seq)).toEqual([17, 18, 19, 20]);
    expect(encodePage({ revision: 20, messages }).length).toBeLessThan(MAX_PAGE_BYTES + 100);
  });

  it('is the same folded forward at once or in steps, and passes over what it has seen', () => {
    const histories = fc
      .array(anyEvent, { maxLength: 40 })
      .map((makers) => makers.map((make, index) => make(index + 1)));
    fc.assert(
      fc.property(histories, fc.nat({ max: 40 }), (events, cut) => {
        const steps = foldForward(foldForward(empty, events.slice(0, cut)), events);
        expect(steps).toEqual(foldForward(empty, events));
      }),
    );
  });

  it('never looks complete because its messages have expired', () => {
    const gone = envelop(
      { type: 'message.expired', data: { ranges: [[1, 9]] } },
      { conversationId: 'den', seq: 3, at: 3, actor: '@system', commandId: 'c-3' },
    );
    const { messages } = foldForward(empty, [sent(1), sent(2), gone, sent(4)]);
    expect(messages).toHaveLength(3);
    expect(messages.filter((message) => isShown(message, 5)).map(({ seq }) => seq)).toEqual([4]);
    expect(messages[0]).toMatchObject({ body: null });
  });

  it('shows nothing of a person who was erased, and nothing of a conversation that was', () => {
    const by = (actor: string, seq: number, event: ConversationEvent) =>
      envelop(event, { conversationId: 'den', seq, at: seq, actor, commandId: `c-${seq}` });
    const reacted = (actor: string, seq: number, target: number) =>
      by(actor, seq, { type: 'message.reacted', data: { seq: target, emoji: '+1', removed: false } });
    const page = foldForward(empty, [
      sent(1),
      by('ben', 2, { type: 'message.sent', data: { ordinal: 2, body: 'p0.{}' } }),
      by('ann', 3, { type: 'message.edited', data: { seq: 1, body: 'p0.{}' } }),
      reacted('ben', 4, 1),
      reacted('ann', 5, 2),
      reacted('ben', 6, 2),
      by('@system', 7, { type: 'member.erased', data: { user: 'ann' } }),
    ]);
    expect(page.messages).toMatchObject([
      { seq: 1, body: null, editedAt: null, deletedAt: 7, reactions: [] },
      { seq: 2, body: 'p0.{}', deletedAt: null, reactions: [{ emoji: '+1', count: 1, users: ['ben'] }] },
    ]);
    const erased = by('ann', 8, { type: 'conversation.erased', data: {} });
    expect(foldForward(page, [erased])).toStrictEqual({ revision: 8, messages: [] });
  });
});

describe('a message as its reader gets it', () => {
  const [plain] = foldForward(empty, [sent(1)]).messages as [MessageRow];

  it('has its body opened and nothing that is not so', () => {
    expect(toMessageView(plain, 'ben', openPlain(plain.body as string))).toEqual({
      seq: 1,
      ordinal: 1,
      author: 'ann',
      at: 1,
      body: { kind: 'text', text: 'hi' },
    });
  });

  it('has no body when that is deleted or cannot be opened', () => {
    expect(toMessageView({ ...plain, body: null, deletedAt: 4 }, 'ben', undefined)).toMatchObject({
      body: null,
      deletedAt: 4,
    });
    for (const sealed of ['locked', 'gone'] as const)
      expect(toMessageView(plain, 'ben', { tag: sealed })).toMatchObject({ body: null, sealed });
  });

  it('says which reactions are the reader’s own', () => {
    const reactions = [{ emoji: '+1', count: 2, users: ['ann', 'ben'] }];
    expect(toMessageView({ ...plain, reactions }, 'ben', undefined).reactions).toEqual([
      { emoji: '+1', count: 2, mine: true },
    ]);
    expect(toMessageView({ ...plain, reactions }, 'cem', undefined).reactions).toEqual([
      { emoji: '+1', count: 2, mine: false },
    ]);
  });
});

describe('replies on a page', () => {
  const plain = decodePage(
    encodePage(foldForward(empty, [sent(2), sent(3), sent(4), sent(5)])),
  ) as NewestPage;
  const rows = plain.messages.map((each) => (each.seq === 2 ? each : { ...each, replyTo: 2 }));
  const told = (messages: readonly MessageRow[], now = 0) =>
    withReplies(messages, now).map(({ replies }) => replies);

  it('are those that stand on it and are shown', () => {
    expect(told(rows)).toEqual([3, undefined, undefined, undefined]);
    const [first, second, third, fourth] = rows as [MessageRow, MessageRow, MessageRow, MessageRow];
    expect(told([first, { ...second, deletedAt: 9 }, { ...third, expiresAt: 10 }, fourth], 9)[0]).toBe(2);
    expect(told([first, { ...second, deletedAt: 9 }, { ...third, expiresAt: 10 }, fourth], 10)[0]).toBe(1);
  });

  it('are told to its readers where there are some', () => {
    const views = withReplies(rows, 0).map((each) => toMessageView(each, 'ann', undefined));
    expect(views[0]).toMatchObject({ seq: 2, replies: 3 });
    expect(views[1]).not.toHaveProperty('replies');
  });
});
