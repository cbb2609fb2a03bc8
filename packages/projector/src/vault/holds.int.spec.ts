import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openReadModel, type ReadModel, schema } from '../testing/read-model-fixture.js';
import { holdsOf, liftedHolds, stillOnHold } from './holds.js';

describe('holds', () => {
  let model: ReadModel;

  beforeAll(async () => {
    model = await openReadModel();
  });
  afterAll(() => model.close());
  beforeEach(() => model.client.query('truncate rm_1.conversation, rm_1.message'));

  async function conversation(id: string, isHeld: boolean, ...expiresAt: readonly (number | null)[]) {
    await model.client.query(
      `insert into rm_1.conversation (conversation_id, revision, last_activity_at, hold_since) values ($1, 9, 1, $2)`,
      [id, isHeld ? 1 : null],
    );
    for (const [index, end] of expiresAt.entries())
      await model.client.query(
        `insert into rm_1.message (conversation_id, seq, ordinal, author, at, expires_at, body) values ($1, $2, $2, 'ann', 1, $3, 's1.x.y')`,
        [id, index + 2, end],
      );
  }
  const change = (set: string, id: string) =>
    model.client.query(`update rm_1.message set ${set} where conversation_id = $1`, [id]);
  const holds = (...buckets: readonly string[]) => holdsOf(model.client as never, schema, buckets);
  const lifted = (bucket: string, conversationId: string) =>
    liftedHolds(model.client as never, schema, [{ bucket, conversationId }]);

  it('are of conversations on hold whose messages expire in a bucket, both ends as buckets have them', async () => {
    await conversation('held', true, 60_000, 60_001, 120_000, null);
    await conversation('free', false, 100_000);
    await conversation('elsewhere', true, 120_001);
    expect(await holds('t60-120')).toEqual([{ bucket: 't60-120', conversationId: 'held' }]);
    expect(await holds('t60-60')).toEqual([{ bucket: 't60-60', conversationId: 'held' }]);
    expect(await holds('t60-180')).toEqual([{ bucket: 't60-180', conversationId: 'elsewhere' }]);
    expect(await holds('t60-240', 't1-59')).toEqual([]);
    expect((await holds('t60-60', 't60-120', 't120-120')).map(({ bucket }) => bucket).sort()).toEqual([
      't120-120',
      't60-120',
      't60-60',
    ]);
  });

  it('are not of what was deleted or expired before', async () => {
    await conversation('held', true, 100_000);
    await change('expired = true, body = null', 'held');
    expect(await holds('t60-120')).toEqual([]);
    await change('expired = false, deleted_at = 1', 'held');
    expect(await holds('t60-120')).toEqual([]);
  });

  it('are lifted when the conversation is released and what was held is gone from the rows, not before', async () => {
    await conversation('held', true, 100_000);
    expect(await lifted('t60-120', 'held')).toEqual([]);
    await model.client.query('update rm_1.conversation set hold_since = null');
    expect(await lifted('t60-120', 'held')).toEqual([]);
    await change('expired = true, body = null', 'held');
    expect(await lifted('t60-120', 'held')).toEqual([{ bucket: 't60-120', conversationId: 'held' }]);
  });

  it('are of all that a conversation may have whose rows stand still, by its rows or by what waits', async () => {
    await conversation('behind', false);
    await conversation('before', true);
    await conversation('neither', false, 100_000);
    await model.client.query(
      `insert into rm_1.parked_conversation (partition, conversation_id, stream_seq, held)
       values (0, 'behind', 1, true), (0, 'before', 2, false), (0, 'neither', 3, false), (0, 'unseen', 4, true)`,
    );
    expect((await holds('t60-120')).map(({ conversationId }) => conversationId).sort()).toEqual([
      'before',
      'behind',
      'unseen',
    ]);
    expect(await lifted('t60-120', 'behind')).toEqual([]);
    expect(
      [...(await stillOnHold(model.client as never, schema, ['behind', 'before', 'neither']))].sort(),
    ).toEqual(['before', 'behind']);
    await model.client.query('delete from rm_1.parked_conversation');
    expect(await lifted('t60-120', 'behind')).toHaveLength(1);
  });

  it('are lifted when the conversation is no more', async () => {
    expect(await lifted('t60-120', 'gone')).toHaveLength(1);
  });
});
