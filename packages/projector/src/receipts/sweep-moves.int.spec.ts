import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { receiptPlaceOf } from '@parley/infra/log/subjects';
import { ensureTopology } from '@parley/infra/log/topology';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { createLog } from '@parley/infra/runtime/log';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openReadModel, type ReadModel, schema } from '../testing/read-model-fixture.js';
import { sweepMoves } from './sweep-moves.js';

let model: ReadModel;
let nats: NatsConnection;

beforeAll(async () => {
  model = await openReadModel();
  nats = await connectNats(model.environment.natsUrl, 'sweep-moves-spec');
  await ensureTopology(nats, { partitions: 1, replicas: 1 });
});
afterAll(async () => {
  await nats?.close();
  await model?.close();
});

it('forgets moves in every conversation when their time has come, and in none that is on legal hold or stands still', async () => {
  const js = jetstream(nats);
  const ids = ['anna', 'held', 'parked', ...Array.from({ length: 600 }, (_, n) => `hall-${n}`), 'zoe'];
  await model.client.query(
    `insert into rm_1.conversation (conversation_id, revision, last_activity_at, hold_since)
     select id, 2, 1, case when id = 'held' then 1 end from unnest($1::text[]) as id`,
    [ids],
  );
  await model.client.query(
    `insert into rm_1.message (conversation_id, seq, ordinal, author, at, expires_at, expired)
     select id, 2, 1, 'ann', 1, 5000, true from unnest($1::text[]) as id`,
    [ids],
  );
  await model.client.query(
    `insert into rm_1.parked_conversation (partition, conversation_id, stream_seq) values (0, 'parked', 7)`,
  );
  const talked = ['anna', 'held', 'parked', 'zoe'];
  for (const id of talked) {
    await model.client.query(
      `insert into rm_1.receipt (conversation_id, user_id, delivered, read, at, moves) values ($1, 'ben', 2, 2, 10, '{1,1,9,2,2,10}')`,
      [id],
    );
    for (const [mark, at] of [
      [1, 9],
      [2, 10],
    ])
      await js.publish(
        receiptPlaceOf(id, 'ben', 1).subject,
        JSON.stringify({ conversationId: id, user: 'ben', delivered: mark, read: mark, at }),
      );
  }
  const movesOf = async () => {
    const { rows } = await model.client.query<{ moves: string[] }>(
      'select moves from rm_1.receipt order by conversation_id',
    );
    return rows.map(({ moves }) => moves.length / 3);
  };

  let now = 5_009;
  let forgotten = 0;
  let laps = 0;
  const stop = new AbortController();
  const done = sweepMoves(
    {
      js,
      jsm: await jetstreamManager(nats),
      database: model.client as never,
      schema,
      partitions: 1,
      log: createLog('spec', 'silent'),
      now: () => {
        laps++;
        return now;
      },
      proofOfDelivery: 10,
      onForgotten: (people) => {
        forgotten += people;
      },
    },
    stop.signal,
  );
  await waitFor(() => laps > 4, { what: 'two laps' });
  expect(await movesOf()).toEqual([2, 2, 2, 2]);
  now = 5_010;
  await waitFor(async () => (await movesOf()).join() === '1,2,2,1', { what: 'the moves to be forgotten' });
  expect(forgotten).toBeGreaterThanOrEqual(2);
  stop.abort();
  await done;
});
