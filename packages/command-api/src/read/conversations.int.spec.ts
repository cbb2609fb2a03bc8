import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConversations } from './conversations.js';
import { readMemberships } from './memberships.js';
import { type Given, openReadFixture, type ReadFixture, schema } from './read-fixture.js';
import { readWatermarks } from './watermarks.js';

const NOW = 1_000;

describe('the list of conversations', { timeout: 60_000 }, () => {
  let fixture: ReadFixture;

  beforeAll(async () => {
    fixture = await openReadFixture();
  });
  afterAll(() => fixture.close());

  const list = (reader: string, more: object = {}) =>
    readConversations(fixture.pool, { schema, reader, limit: 10, now: NOW, ...more });

  it('is sorted by latest activity, ties by id, and paged without gap or repeat', async () => {
    for (const [id, activeAt] of [
      ['a', 5],
      ['b', 7],
      ['c', 5],
      ['d', 9],
      ['e', 5],
    ] as const) {
      await fixture.conversation(`list-${id}`, ['lister'], [], activeAt);
    }
    await fixture.conversation('not-mine', ['somebody'], [], 99);
    const seen: string[] = [];
    for (let after: object = {}; ; ) {
      const { conversations, hasMore } = await list('lister', { limit: 2, ...after });
      seen.push(...conversations.map(({ conversationId }) => conversationId));
      const last = conversations.at(-1);
      if (!hasMore || last === undefined) break;
      after = { after: last };
    }
    expect(seen).toEqual(['list-d', 'list-b', 'list-e', 'list-c', 'list-a']);
  });

  it('shows the newest message that may be seen, the reader’s role and watermarks', async () => {
    await fixture.conversation(
      'shown',
      ['viewer', 'ben'],
      [
        { seq: 2, author: 'ben' },
        { seq: 3, author: 'ben', expiresAt: NOW },
      ],
    );
    await fixture.mark('shown', 'viewer', 1, 2);
    const { conversations } = await list('viewer');
    expect(conversations).toMatchObject([
      {
        conversationId: 'shown',
        kind: 'group',
        title: 'shown',
        role: 'member',
        closed: false,
        memberCount: 2,
        revision: 3,
        read: 1,
        delivered: 2,
        unread: 1,
        preview: { seq: 2, author: 'ben', body: 'p0.{"kind":"text","text":"hi"}' },
      },
    ]);
  });

  it('leaves out a conversation whose beginning could not be read', async () => {
    await fixture.conversation('headless', ['patient'], []);
    await fixture.pool.query(`update rm_1.conversation set kind = null where conversation_id = 'headless'`);
    expect(await list('patient')).toEqual({ conversations: [], hasMore: false });
  });

  it('leaves out conversations that have ended, from the moment they do', async () => {
    await fixture.conversation('ending', ['mayfly'], [{ seq: 2, author: 'ben' }]);
    await fixture.set('ending', { expiresAt: NOW });
    expect(await list('mayfly')).toEqual({ conversations: [], hasMore: false });
    const before = await list('mayfly', { now: NOW - 1 });
    expect(before.conversations).toMatchObject([{ conversationId: 'ending', expiresAt: NOW }]);
  });

  it('says of a conversation on hold why, since when and by whom', async () => {
    await fixture.conversation('held', ['suspect'], []);
    await fixture.set('held', { hold: ['case 7', 900, 'judge'] });
    expect((await list('suspect')).conversations).toMatchObject([
      { hold: { reason: 'case 7', since: 900, by: 'judge' } },
    ]);
  });

  const message = fc.record(
    {
      author: fc.constantFrom('ann', 'ben'),
      deletedAt: fc.constant(5),
      expired: fc.boolean(),
      expiresAt: fc.constantFrom(NOW - 1, NOW, NOW + 1),
    },
    { requiredKeys: ['author'] },
  );

  it('counts unread messages as one would by hand', async () => {
    let number = 0;
    const messages = fc.array(message, { maxLength: 15 });
    await fc.assert(
      fc.asyncProperty(messages, fc.option(fc.nat({ max: 20 })), async (made, read) => {
        const id = `counted-${++number}`;
        const reader = `ann-${number}`;
        const given = made.map(
          (one, index): Given => ({
            ...one,
            seq: index + 2,
            author: one.author === 'ann' ? reader : one.author,
          }),
        );
        await fixture.conversation(id, [reader, 'ben'], given);
        if (read !== null) await fixture.mark(id, reader, read);

        const own = Math.max(0, ...given.filter(({ author }) => author === reader).map(({ seq }) => seq));
        const readTo = Math.max(own, read ?? 0);
        const gone = ({ deletedAt, expired, expiresAt }: Given) =>
          deletedAt !== undefined || expired || (expiresAt !== undefined && expiresAt <= NOW);
        const unread = given.filter((one) => one.seq > readTo && !gone(one)).length;
        const { conversations } = await list(reader);
        expect(conversations).toMatchObject([{ conversationId: id, unread }]);
      }),
      { numRuns: 80 },
    );
  });

  it('is known as ids too, and watermarks one by one', async () => {
    await fixture.conversation('mine', ['keeper'], []);
    await fixture.mark('mine', 'keeper', 4, 6);
    await fixture.conversation('ours', ['keeper', 'friend'], []);
    expect(
      await readMemberships(fixture.pool, schema, [
        { user: 'friend' },
        { user: 'nobody' },
        { user: 'keeper' },
        { user: 'keeper', after: 'mine' },
      ]),
    ).toEqual([['ours'], [], ['mine', 'ours'], ['ours']]);
    const users = ['keeper', 'nobody'];
    expect(await readWatermarks(fixture.pool, { schema, conversationId: 'mine', users })).toEqual(
      new Map([['keeper', { read: 4, delivered: 6 }]]),
    );
  });

  it('has watermarks at what somebody sent, because who sends has read what was there', async () => {
    const messages = [
      { seq: 2, author: 'ann' },
      { seq: 5, author: 'ben' },
      { seq: 7, author: 'ann' },
    ];
    await fixture.conversation('talk', ['ann', 'ben', 'cem'], messages);
    await fixture.mark('talk', 'ann', 3, 8);
    await fixture.mark('talk', 'cem', 1, 2);
    const users = ['ann', 'ben', 'cem', 'dan'];
    expect(await readWatermarks(fixture.pool, { schema, conversationId: 'talk', users })).toEqual(
      new Map([
        ['ann', { read: 7, delivered: 8 }],
        ['ben', { read: 5, delivered: 5 }],
        ['cem', { read: 1, delivered: 2 }],
      ]),
    );
  });
});
