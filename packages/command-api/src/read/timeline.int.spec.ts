import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { model, openReadFixture, type ReadFixture } from './read-fixture.js';
import { readTimeline, type Timeline, type TimelineQuery } from './timeline.js';

const NOW = 100_000;

describe('a page of a conversation', () => {
  let fixture: ReadFixture;

  beforeAll(async () => {
    fixture = await openReadFixture();
    const plain = Array.from({ length: 130 }, (_, index) => ({
      seq: 2 + index * 2,
      author: index % 2 ? 'ben' : 'ann',
    }));
    await fixture.conversation('den', ['ann', 'ben'], plain);
    await fixture.conversation('other', ['ann'], [{ seq: 3, author: 'ann' }]);
    await fixture.conversation('quiet', ['ann'], []);
  });
  afterAll(() => fixture.close());

  const read = (query: Partial<TimelineQuery> = {}): Promise<Timeline> =>
    readTimeline(fixture.pool, {
      ...model,
      conversationId: 'den',
      reader: 'ann',
      limit: 50,
      now: NOW,
      ...query,
    });

  const page = async (query: Partial<TimelineQuery> = {}) => {
    const answer = await read(query);
    if (answer.tag !== 'page') throw new Error(answer.tag);
    return { ...answer, seqs: answer.messages.map(({ seq }) => seq) };
  };

  const all = Array.from({ length: 130 }, (_, index) => 2 + index * 2);

  it('is the newest messages, oldest first, at the revision of the conversation', async () => {
    const { seqs, hasMore, revision } = await page();
    expect(seqs).toEqual(all.slice(-50));
    expect(hasMore).toBe(true);
    expect(revision).toBe(260);
  });

  it('tells replies that are shown, where the build counts them: none that is over, tombstone or not', async () => {
    await fixture.conversation(
      'answered',
      ['ann'],
      [
        { seq: 2, author: 'ann', replies: 3 },
        { seq: 3, author: 'ben', replyTo: 2 },
        { seq: 4, author: 'ben', replyTo: 2, expiresAt: NOW - 1 },
        { seq: 5, author: 'ben', replyTo: 2, expiresAt: NOW + 1 },
      ],
    );
    const told = async (more: Partial<TimelineQuery> = {}) =>
      (await page({ conversationId: 'answered', ...more })).messages.map(({ seq, replies }) => [
        seq,
        replies,
      ]);
    const due = (at: number) =>
      fixture.pool.query(`update rm_1.conversation set next_due = $1 where conversation_id = 'answered'`, [
        at,
      ]);
    await due(NOW - 1);
    expect(await told()).toEqual([
      [2, 2],
      [3, undefined],
      [5, undefined],
    ]);
    expect((await told({ now: NOW - 5 }))[0]).toEqual([2, 3]);
    expect((await told({ model: 1 }))[0]).toEqual([2, undefined]);
  });

  it.each([1, 7, 20, 21, 50, 51, 64, 100, 129, 130, 200])(
    'of %i pages the whole conversation backwards and forwards',
    async (limit) => {
      const backwards: number[] = [];
      for (let before: number | undefined; ; ) {
        const { seqs, hasMore } = await page({ limit, ...(before === undefined ? {} : { before }) });
        expect(seqs.length).toBeLessThanOrEqual(limit);
        backwards.unshift(...seqs);
        if (!hasMore) break;
        before = seqs[0];
      }
      expect(backwards).toEqual(all);
      const forwards: number[] = [];
      for (let after = 0; ; ) {
        const { seqs, hasMore } = await page({ limit, after });
        forwards.push(...seqs);
        if (!hasMore) break;
        after = seqs.at(-1) as number;
      }
      expect(forwards).toEqual(all);
    },
  );

  it.each([1, 2, 7, 20, 41, 50, 101, 200])(
    'of %i has a message amid those before and after it',
    async (limit) => {
      for (const around of [1, 2, 3, 40, 41, 130, 259, 260, 300]) {
        const { seqs, hasMore, hasOlder } = await page({ limit, around });
        const older = all.filter((seq) => seq < around);
        const newer = all.filter((seq) => seq >= around);
        const half = Math.floor(limit / 2);
        expect(seqs).toEqual([...(half === 0 ? [] : older.slice(-half)), ...newer.slice(0, limit - half)]);
        expect(hasOlder).toBe(older.length > half);
        expect(hasMore).toBe(newer.length > limit - half);
      }
    },
  );

  it('is not for who is no member, nor of what is not there', async () => {
    expect(await read({ reader: 'eve' })).toEqual({ tag: 'not-member', revision: 260 });
    expect(await read({ conversationId: 'nowhere' })).toEqual({ tag: 'not-member', revision: 0 });
    expect(await read({ conversationId: 'other', reader: 'ben' })).toMatchObject({ tag: 'not-member' });
  });

  it('is nobody’s once the conversation has ended', async () => {
    await fixture.conversation('mayfly', ['ann'], [{ seq: 2, author: 'ann' }]);
    await fixture.set('mayfly', { expiresAt: NOW });
    expect(await read({ conversationId: 'mayfly', now: NOW - 1 })).toMatchObject({ tag: 'page' });
    expect(await read({ conversationId: 'mayfly' })).toEqual({ tag: 'not-member', revision: 2 });
  });

  it('is empty where there are no messages, and beyond both ends', async () => {
    expect(await page({ conversationId: 'quiet' })).toMatchObject({ seqs: [], hasMore: false });
    expect(await page({ after: 260 })).toMatchObject({ seqs: [], hasMore: false });
    expect(await page({ before: 2 })).toMatchObject({ seqs: [], hasMore: false });
  });

  it('shows deleted messages without their body, and expired or due ones not at all', async () => {
    await fixture.conversation(
      'fading',
      ['ann'],
      [
        { seq: 2, author: 'ann', expired: true },
        { seq: 3, author: 'ann', deletedAt: 5 },
        { seq: 4, author: 'ann', expiresAt: NOW },
        { seq: 5, author: 'ann', expiresAt: NOW + 1 },
        { seq: 6, author: 'ann' },
      ],
    );
    const { messages, hasMore } = await page({ conversationId: 'fading' });
    expect(messages.map(({ seq, body, deletedAt }) => [seq, body === null, deletedAt])).toEqual([
      [3, true, 5],
      [5, false, null],
      [6, false, null],
    ]);
    expect(hasMore).toBe(false);
    for (const around of [2, 4]) {
      const { seqs } = await page({ conversationId: 'fading', around });
      expect(seqs).toEqual([3, 5, 6]);
    }
  });

  it('counts reactions, and says which are the reader’s own', async () => {
    await fixture.conversation(
      'cheers',
      ['ann', 'ben'],
      [
        { seq: 2, author: 'ann' },
        {
          seq: 3,
          author: 'ann',
          reactions: [
            ['+1', 'ben'],
            ['+1', 'ann'],
            ['🌹', 'ben'],
          ],
        },
      ],
    );
    const { messages } = await page({ conversationId: 'cheers' });
    expect(messages.map(({ reactions }) => reactions)).toEqual([
      [],
      [
        { emoji: '+1', count: 2, users: ['ann'] },
        { emoji: '🌹', count: 1, users: [] },
      ],
    ]);
  });
});
