import type { LoggedMessage } from '@parley/infra/log/delivery';
import { KEPT_MOVES } from '@parley/infra/log/topology';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint, type Share } from '../checkpoint.js';
import { projectBatch } from '../project-batch.js';
import { openReadModel, type ReadModel, schema } from '../testing/read-model-fixture.js';
import { receipts } from './projection.js';

const share: Share = { projection: 'receipts', partition: 0 };

describe('the rows of receipts', { timeout: 60_000 }, () => {
  let model: ReadModel;

  beforeAll(async () => {
    model = await openReadModel();
  });
  afterAll(() => model.close());

  async function project(payloads: readonly string[]) {
    const checkpoint = await readCheckpoint(model.client, schema, share);
    const messages = payloads.map(
      (payload, index): LoggedMessage => ({
        // The stream keeps one message per person, so its sequences have gaps.
        streamSeq: checkpoint.streamSeq + 3 * (index + 1),
        subject: 'rcpt.00.den.ann',
        bytes: Buffer.from(payload),
        storedAt: 0,
        pending: 0,
        headers: undefined,
      }),
    );
    return projectBatch({ client: model.client, schema, share }, receipts, checkpoint, messages);
  }

  const rows = async () => {
    const { rows } = await model.client.query(
      'select user_id as user, delivered::int, read::int, at::int from rm_1.receipt order by user_id',
    );
    return rows;
  };

  const marks = fc.array(
    fc.record({
      user: fc.constantFrom('ann', 'ben'),
      delivered: fc.nat({ max: 50 }),
      read: fc.nat({ max: 50 }),
      at: fc.nat({ max: 1_000 }),
    }),
    { maxLength: 20 },
  );

  it('never go back, however marks are ordered and cut into batches; the time is that of the newest', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(marks, { maxLength: 4 }), async (batches) => {
        await model.client.query('truncate rm_1.receipt');
        for (const batch of batches) {
          await project(batch.map((mark) => JSON.stringify({ conversationId: 'den', ...mark })));
        }
        const all = batches.flat();
        const furthest = (user: string, of: 'delivered' | 'read') =>
          Math.max(...all.filter((mark) => mark.user === user).map((mark) => mark[of]));
        const users = ['ann', 'ben'].filter((user) => all.some((mark) => mark.user === user));
        expect(await rows()).toEqual(
          users.map((user) => ({
            user,
            delivered: furthest(user, 'delivered'),
            read: furthest(user, 'read'),
            at: all.findLast((mark) => mark.user === user)?.at,
          })),
        );
      }),
      { numRuns: 30 },
    );
  });

  it('keep the newest moves of a person, as many as their stream does', async () => {
    await model.client.query('truncate rm_1.receipt');
    const mark = (read: number) =>
      JSON.stringify({ conversationId: 'den', user: 'ann', delivered: read, read, at: 100 * read });
    const upTo = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, n) => mark(from + n));
    for (const [from, to] of [
      [1, 1],
      [2, 30],
      [31, 40],
      [41, 90],
    ] as const)
      await project(upTo(from, to));
    const { rows } = await model.client.query<{ moves: string[] }>('select moves from rm_1.receipt');
    const moves = Array.from({ length: KEPT_MOVES }, (_, n) => 90 - KEPT_MOVES + 1 + n);
    expect(rows[0]?.moves.map(Number)).toEqual(moves.flatMap((read) => [read, read, 100 * read]));
  });

  it.each([
    '{',
    '{"conversationId":"den"}',
    '{"conversationId":"den","user":"ann","delivered":-1,"read":0,"at":0}',
  ])('park what is no receipt: %s', async (payload) => {
    const { commits } = await project([payload]);
    expect(commits[0]?.prepared.unreadable).toHaveLength(1);
  });
});
