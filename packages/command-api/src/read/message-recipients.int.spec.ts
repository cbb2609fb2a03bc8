import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstReached, readRecipients } from './message-recipients.js';
import { openReadFixture, type ReadFixture, schema } from './read-fixture.js';

describe('the recipients of a message', () => {
  let fixture: ReadFixture;

  beforeAll(async () => {
    fixture = await openReadFixture();
    await fixture.conversation(
      'hall',
      ['ann', 'ben', 'cem', 'dan', 'eve', 'late'],
      [
        { seq: 2, author: 'ann' },
        { seq: 3, author: 'ben' },
      ],
    );
    await fixture.pool.query(`update rm_1.member set since = 3 where user_id = 'late'`);
    const moved = (user: string, moves: number[]) =>
      fixture.pool.query(
        `insert into rm_1.receipt (conversation_id, user_id, delivered, read, at, moves) values ('hall', $1, $2, $3, $4, $5)`,
        [user, ...moves.slice(-3), moves],
      );
    await moved('ann', [3, 3, 90]);
    await moved('ben', [1, 0, 10, 2, 1, 20, 3, 2, 30, 3, 3, 40]);
    await moved('cem', [2, 0, 25]);
    await moved('late', [3, 3, 50]);
  });
  afterAll(() => fixture.close());

  const read = (seq: number, after = '', limit = 500) =>
    readRecipients(fixture.pool, { schema, conversationId: 'hall', seq, after, limit });

  it('are those who were members when it was sent, its author left out, each with when', async () => {
    expect(await read(2)).toEqual({
      revision: 3,
      isMessage: true,
      recipients: [
        { user: 'ben', deliveredAt: 20, readAt: 30 },
        { user: 'cem', deliveredAt: 25 },
        { user: 'dan' },
        { user: 'eve' },
      ],
      hasMore: false,
      members: 4,
      received: 2,
      read: 1,
    });
  });

  it('have read what they answered, marked or not', async () => {
    await fixture.conversation(
      'porch',
      ['ann', 'ben', 'cem'],
      [
        { seq: 2, author: 'ann' },
        { seq: 3, author: 'ben' },
        { seq: 4, author: 'ben' },
      ],
    );
    const query = { schema, conversationId: 'porch', seq: 2, after: '', limit: 10 };
    expect(await readRecipients(fixture.pool, query)).toMatchObject({
      recipients: [{ user: 'ben', deliveredAt: 30, readAt: 30 }, { user: 'cem' }],
      received: 1,
      read: 1,
    });
  });

  it('come in pages by their ids; the counts are of all', async () => {
    const seen: string[] = [];
    for (let after = '', hasMore = true; hasMore; ) {
      const page = await read(3, after, 2);
      expect(page).toMatchObject({ members: 5, received: 2, read: 2 });
      seen.push(...page.recipients.map(({ user }) => user));
      after = seen.at(-1) as string;
      hasMore = page.hasMore;
    }
    expect(seen).toEqual(['ann', 'cem', 'dan', 'eve', 'late']);
  });

  it('come with when the message ended: when it was deleted or its life was over, whichever was first', async () => {
    await fixture.conversation(
      'attic',
      ['ann', 'ben'],
      [
        { seq: 2, author: 'ann', expiresAt: 700, expired: true },
        { seq: 3, author: 'ann', expiresAt: 700, deletedAt: 600 },
        { seq: 4, author: 'ann', deletedAt: 800 },
        { seq: 5, author: 'ann' },
      ],
    );
    const ends = [2, 3, 4, 5].map(async (seq) => {
      const query = { schema, conversationId: 'attic', seq, after: '', limit: 10 };
      return (await readRecipients(fixture.pool, query)).endedAt;
    });
    expect(await Promise.all(ends)).toEqual([700, 600, 800, undefined]);
  });

  it('have received a message at no known time where the time was taken out of the move', async () => {
    await fixture.conversation('cellar', ['ann', 'ben'], [{ seq: 2, author: 'ann' }]);
    await fixture.pool.query(
      `insert into rm_1.receipt (conversation_id, user_id, delivered, read, at, moves) values ('cellar', 'ben', 2, 2, 0, '{2,2,0}')`,
    );
    const query = { schema, conversationId: 'cellar', seq: 2, after: '', limit: 10 };
    expect(await readRecipients(fixture.pool, query)).toMatchObject({
      recipients: [{ user: 'ben' }],
      read: 1,
    });
  });

  it('are none where there is no such message or conversation', async () => {
    expect(await read(1)).toMatchObject({ isMessage: false, revision: 3 });
    const nowhere = { schema, conversationId: 'nowhere', seq: 1, after: '', limit: 1 };
    expect(await readRecipients(fixture.pool, nowhere)).toMatchObject({ isMessage: false, revision: 0 });
  });
});

describe('when a watermark reached a message', () => {
  const steps = fc.array(fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 }), fc.integer({ min: 1, max: 5 })), {
    minLength: 1,
    maxLength: 60,
  });

  it('is exact as long as the move is kept, and else the time of the oldest kept, which is later', () => {
    fc.assert(
      fc.property(steps, fc.nat({ max: 100 }), fc.integer({ min: 1, max: 40 }), (made, seq, kept) => {
        let [read, delivered, at] = [0, 0, 0];
        const all = made.flatMap(([byRead, byDelivered, after]) => {
          read += byRead;
          delivered = Math.max(read, delivered + byDelivered);
          at += after;
          return [delivered, read, at];
        });
        const moves = all.slice(-3 * kept);
        for (const watermark of [0, 1] as const) {
          const truth = firstReached(all, watermark, seq);
          const told = firstReached(moves, watermark, seq);
          const oldest = moves[2] as number;
          expect(told).toBe(truth === undefined ? undefined : Math.max(truth, oldest));
        }
      }),
    );
  });
});
