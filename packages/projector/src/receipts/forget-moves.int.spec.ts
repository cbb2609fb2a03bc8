import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { partitionOf } from '@parley/domain/log/partition';
import { consumeBatches } from '@parley/infra/log/consume';
import { receiptPlaceOf, receiptStreamName } from '@parley/infra/log/subjects';
import { ensureTopology } from '@parley/infra/log/topology';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../checkpoint.js';
import { projectBatch } from '../project-batch.js';
import { openReadModel, type ReadModel, schema } from '../testing/read-model-fixture.js';
import { readRows } from '../testing/read-tables.js';
import { type ForgetResources, forgetMovesIn } from './forget-moves.js';
import { receipts } from './projection.js';

const PARTITIONS = 2;
/** Messages that ended by then are told of no more. */
const CUTOFF = 1_000;
const GONE = 900;

describe('forgetting who received and read a message', { timeout: 60_000 }, () => {
  let model: ReadModel;
  let nats: NatsConnection;
  let resources: ForgetResources;
  let id = '';

  beforeAll(async () => {
    model = await openReadModel();
    nats = await connectNats(model.environment.natsUrl, 'forget-moves-spec');
    await ensureTopology(nats, { partitions: PARTITIONS, replicas: 1 });
    const js = jetstream(nats);
    const jsm = await jetstreamManager(nats);
    resources = { js, jsm, database: model.client as never, schema, partitions: PARTITIONS };
  });
  afterAll(async () => {
    await nats?.close();
    await model?.close();
  });
  beforeEach(async () => {
    id = `hall-${crypto.randomUUID()}`;
    await model.client.query('truncate rm_1.receipt, rm_1.message');
  });

  /** A message whose life is over at `expiresAt`, and one without an end. */
  const message = (seq: number, expiresAt: number | null = null, isExpired = expiresAt !== null) =>
    model.client.query(
      `insert into rm_1.message (conversation_id, seq, ordinal, author, at, expires_at, expired) values ($1, $2, $2, 'ann', 1, $3, $4)`,
      [id, seq, expiresAt, isExpired],
    );

  async function moves(user: string, ...all: readonly (readonly [mark: number, at: number])[]) {
    const { subject } = receiptPlaceOf(id, user, PARTITIONS);
    for (const [mark, at] of all)
      await resources.js.publish(
        subject,
        JSON.stringify({ conversationId: id, user, delivered: mark, read: mark, at }),
      );
    await project();
  }

  /** Brings the rows to where the log is. */
  async function project(): Promise<void> {
    const partition = partitionOf(id, PARTITIONS);
    const share = { projection: 'receipts', partition } as const;
    let checkpoint = await readCheckpoint(model.client, schema, share);
    const options = { follow: false };
    const stream = receiptStreamName(partition);
    for await (const batch of consumeBatches(resources.js, stream, checkpoint.streamSeq, options))
      ({ checkpoint } = await projectBatch(
        { client: model.client, schema, share },
        receipts,
        checkpoint,
        batch,
      ));
  }

  const rows = async () =>
    (await readRows(model.client, `select * from rm_1.receipt order by user_id`)).filter(
      ({ conversation_id }) => conversation_id === id,
    );
  const movesOf = async (user: string) =>
    (await rows()).find(({ user_id }) => user_id === user) as { at: number; moves: string[]; read: number };

  async function times(user: string): Promise<readonly number[]> {
    const { subject, stream } = receiptPlaceOf(id, user, PARTITIONS);
    const at: number[] = [];
    for (let seq = 1; ; ) {
      const found = await resources.jsm.direct.getMessage(stream, { seq, next_by_subj: subject });
      if (found === null) return at;
      at.push(found.json<{ at: number }>().at);
      seq = found.seq + 1;
    }
  }

  const forget = () => forgetMovesIn(resources, [id], CUTOFF);

  it('takes out of log and rows what tells of messages alone that are gone, and no other', async () => {
    await message(2);
    await message(5, GONE);
    await message(9);
    await moves('ben', [2, 10], [4, 20], [5, 30], [9, 40]);
    expect(await forget()).toBe(1);
    expect(await times('ben')).toEqual([10, 40]);
    expect((await movesOf('ben')).moves.map(Number)).toEqual([2, 2, 10, 9, 9, 40]);
    expect(await forget()).toBe(0);
  });

  it('leaves everything as long as the proof is told, also of a message past its end', async () => {
    await message(2, GONE + CUTOFF);
    await message(3, GONE + CUTOFF, false);
    await moves('ben', [2, 10], [3, 20]);
    expect(await forget()).toBe(0);
    expect(await times('ben')).toEqual([10, 20]);
  });

  it('leaves what may tell of messages that the rows do not have yet', async () => {
    await model.client.query(
      `insert into rm_1.conversation (conversation_id, kind, revision, last_activity_at) values ($1, 'group', 3, 1)`,
      [id],
    );
    await message(2, GONE);
    await message(3, GONE);
    await moves('ben', [2, 10], [3, 20], [4, 30]);
    expect(await forget()).toBe(1);
    expect(await times('ben')).toEqual([30]);
    expect((await movesOf('ben')).moves.map(Number)).toEqual([4, 4, 30]);
  });

  it('keeps where somebody is, without when, where all they read is gone', async () => {
    await message(2, GONE);
    await message(3, GONE);
    await moves('ben', [2, 10], [3, 20]);
    expect(await forget()).toBe(1);
    await project();
    await forget();
    expect(await times('ben')).toEqual([0]);
    expect(await movesOf('ben')).toMatchObject({ at: 0, read: 3, moves: ['3', '3', '0'] });
    expect(await forget()).toBe(0);

    await message(4);
    await moves('ben', [4, 50]);
    await forget();
    expect(await times('ben')).toEqual([50]);
    expect(await movesOf('ben')).toMatchObject({ at: 50, read: 4, moves: ['4', '4', '50'] });
  });

  it('makes the same rows of what is left of the log, whenever they are made', async () => {
    for (let seq = 2; seq <= 30; seq++) await message(seq, seq % 5 === 0 ? null : GONE);
    await moves('ben', ...Array.from({ length: 29 }, (_, n) => [n + 2, 100 + n] as const));
    await moves('cem', [3, 10], [5, 20], [6, 30], [29, 40]);
    await moves('dan', [29, 10], [30, 20]);
    await moves('eve', [5, 10], [9, 20]);
    await forget();
    await project();
    await forget();
    const live = await rows();
    await model.client.query('truncate rm_1.receipt, rm_1.checkpoint');
    await project();
    await forget();
    // Where a window began depends on what is in the stream, as it always does here.
    const places = (all: typeof live) => all.map(({ marked: _, ...row }) => row);
    expect(places(await rows())).toEqual(places(live));
    expect(await times('cem')).toEqual([20, 40]);
    expect(await times('eve')).toEqual([10, 0]);
  });

  it('finishes what somebody began who was killed after the log and before the rows', async () => {
    await message(2, GONE);
    await message(3);
    await moves('ben', [2, 10], [3, 20]);
    const killed = { query: () => Promise.reject(new Error('killed')) };
    const { database } = resources;
    let asked = 0;
    const dying = {
      query: (...query: never) => (++asked > 2 ? killed.query() : database.query(...(query as [never]))),
    };
    await expect(forgetMovesIn({ ...resources, database: dying as never }, [id], CUTOFF)).rejects.toThrow();
    expect(await times('ben')).toEqual([20]);
    expect(await forget()).toBe(1);
    expect((await movesOf('ben')).moves).toEqual(['3', '3', '20']);
  });
});
