import { type Envelope, envelop } from '@parley/domain/log/envelope';
import { migrateVersion } from '@parley/infra/read-model/migrate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../checkpoint.js';
import { projectBatch } from '../project-batch.js';
import { logged } from '../testing/logged.js';
import { openReadModel, type ReadModel, share } from '../testing/read-model-fixture.js';
import { readRows } from '../testing/read-tables.js';
import { timeline } from './projection.js';
import { countAllReplies } from './write-replies.js';

const place = (seq: number) => ({
  conversationId: 'den',
  seq,
  at: 1_000 + seq,
  actor: 'ann',
  commandId: `c-${seq}`,
});
const begun = envelop(
  {
    type: 'conversation.created',
    data: { kind: 'group', ttl: null, members: [{ user: 'ann', role: 'owner', banHash: 'h' }] },
  },
  place(1),
);
const sent = (seq: number, replyTo?: number): Envelope =>
  envelop(
    {
      type: 'message.sent',
      data: { ordinal: seq - 1, body: 'p0.{"kind":"text","text":"x"}', ...(replyTo ? { replyTo } : {}) },
    },
    place(seq),
  );
const deleted = (seq: number, target: number): Envelope =>
  envelop({ type: 'message.deleted', data: { seq: target } }, place(seq));

describe('replies to a message', () => {
  let model: ReadModel;

  beforeAll(async () => {
    model = await openReadModel();
  });
  afterAll(() => model.close());

  const counts = async (): Promise<readonly unknown[]> =>
    (
      await readRows(model.client, 'select seq, replies from rm_1.message where replies <> 0 order by seq')
    ).map(({ seq, replies }) => [seq, replies]);

  it('are counted as they are sent and deleted, to older messages and to those of the same batch', async () => {
    await model.given(begun, sent(2), sent(3, 2), sent(4, 2));
    expect(await counts()).toEqual([[2, 2]]);
    await model.given(sent(5, 2), sent(6, 4));
    expect(await counts()).toEqual([
      [2, 3],
      [4, 1],
    ]);
    await model.given(sent(7, 6), sent(8, 7));
    await model.given(deleted(9, 5), deleted(10, 5), deleted(11, 8));
    expect(await counts()).toEqual([
      [2, 2],
      [4, 1],
      [6, 1],
    ]);
  });

  it('can be counted all at once, and again', async () => {
    const before = await counts();
    await model.client.query('update rm_1.message set replies = seq % 3');
    await countAllReplies(model.client, 'rm_1');
    expect(await counts()).toEqual(before);
    await countAllReplies(model.client, 'rm_1');
    expect(await counts()).toEqual(before);
  });

  it('are left out of a build of the model that has none', async () => {
    await model.client.query(`insert into parley.version (version, model, state) values (2, 1, 'following')`);
    await migrateVersion(model.environment.databaseUrl, 2, 1);
    const target = { ...model.target, schema: 'rm_2' };
    const messages = logged([begun, sent(2), sent(3, 2), deleted(4, 3)]);
    let checkpoint = await readCheckpoint(model.client, 'rm_2', share);
    for (const message of messages)
      ({ checkpoint } = await projectBatch(target, timeline, checkpoint, [message]));
    const rows = await readRows(model.client, 'select * from rm_2.message order by seq');
    expect(rows).toMatchObject([{ seq: 2 }, { seq: 3, reply_to: 2 }]);
    expect(rows[0]).not.toHaveProperty('replies');
  });
});
