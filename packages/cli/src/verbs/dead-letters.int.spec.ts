import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Envelope } from '@parley/domain/log/envelope';
import { consumeBatches } from '@parley/infra/log/consume';
import { receiptStreamName, streamName } from '@parley/infra/log/subjects';
import { ensureTopology } from '@parley/infra/log/topology';
import { migrate } from '@parley/infra/read-model/migrate';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { storeLog } from '@parley/infra/testing/store-log';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { readCheckpoint } from '@parley/projector/checkpoint';
import { openSession, type Session } from '@parley/projector/ownership/session';
import { projectBatch } from '@parley/projector/project-batch';
import { receipts } from '@parley/projector/receipts/projection';
import { renamed, talk } from '@parley/projector/testing/big-log';
import { poisoned } from '@parley/projector/testing/poisoned';
import { timeline } from '@parley/projector/timeline/projection';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../exit-codes.js';
import { runCli } from '../testing/run-cli.js';

let environment: TestEnvironment;
let nats: NatsConnection;
let session: Session;
let client: Session['client'];

beforeAll(async () => {
  environment = await testEnvironment();
  await migrate(environment.databaseUrl);
  session = await openSession(environment.databaseUrl, 'spec');
  client = session.client;
  nats = await connectNats(environment.natsUrl, 'spec');
  await ensureTopology(nats, { partitions: 1, replicas: 1 });
});
afterAll(async () => {
  await nats?.close();
  await session?.end();
  await environment?.dispose();
});

const letters = (...args: readonly string[]) =>
  runCli(['dead-letters', ...args], {
    DATABASE_URL: environment.databaseUrl,
    NATS_URL: environment.natsUrl,
  });

async function project(projection = timeline): Promise<void> {
  const share = { projection: projection.name, partition: 0 };
  const stream = projection.streamOf(0);
  let checkpoint = await readCheckpoint(client, 'rm_1', share);
  for await (const batch of consumeBatches(jetstream(nats), stream, checkpoint.streamSeq, { follow: false }))
    ({ checkpoint } = await projectBatch({ client, schema: 'rm_1', share }, projection, checkpoint, batch));
}

const poison = (id: string, seqs: readonly number[], length = 6): readonly Envelope[] =>
  renamed(talk(id, length), id).map((event) => (seqs.includes(event.seq) ? poisoned(event) : event));

describe('dead-letters', { timeout: 60_000 }, () => {
  it('says that there are none', async () => {
    await project();
    expect(await letters('list')).toEqual({ code: 0, out: 'version 1 could take everything\n', err: '' });
    expect(await letters('list', '--json')).toEqual({ code: 0, out: '', err: '' });
  });

  it('lists them with what waits, and ends as one who looks for health wants it', async () => {
    await storeLog(nats, poison('club', [3, 5]), 1);
    await project();
    const { code, out } = await letters('list');
    expect(code).toBe(exitCodes.unhealthy);
    expect(out).toMatch(/CONV_00:3 +│ club +│ +3 +│ \d+ s +│ .*later\./);
    const json = JSON.parse((await letters('list', '--json')).out);
    expect(json).toMatchObject({ id: 'CONV_00:3', version: 1, conversationId: 'club', waiting: 3 });
    expect(json.payload).toBeUndefined();
  });

  it('shows one, but nothing that somebody wrote', async () => {
    const { code, out } = await letters('show', 'CONV_00:3');
    expect(code).toBe(0);
    expect(out).toContain('"type": "later.message.sent"');
    expect(out).toMatch(/"body": "\d+ characters"/);
    expect(out).not.toContain('p0.');
    expect(JSON.parse((await letters('show', 'CONV_00:3', '--json')).out).holds.seq).toBe(3);
  });

  it('names what there is not', async () => {
    expect((await letters('show', 'CONV_00:4')).code).toBe(exitCodes.noInput);
    expect((await letters('show', 'four')).code).toBe(exitCodes.usage);
    expect((await letters('list', '--version', '9')).err).toContain('there is no version 9');
    expect((await letters('drop', 'CONV_00:4', '--reason', 'why', '--yes')).code).toBe(exitCodes.noInput);
    expect((await letters('retry')).code).toBe(exitCodes.usage);
    expect((await letters('drop', 'CONV_00:3', '--yes')).code).toBe(exitCodes.usage);
  });

  it('retries what cannot be taken still, and says why', async () => {
    const { code, out } = await letters('retry', 'CONV_00:3');
    expect(code).toBe(exitCodes.unhealthy);
    expect(out).toMatch(/^CONV_00:3 of version 1, club: stands still at 3: .*later\./);
    expect((await letters('retry', '--all', '--json')).out).toContain('"tag":"stuck"');
  });

  it('drops what is confirmed alone, and goes on to the next', async () => {
    expect((await letters('drop', 'CONV_00:3', '--reason', 'of no use')).err).toContain('--yes');
    const { out, code } = await letters('drop', 'CONV_00:3', '--reason', 'of no use', '--yes');
    expect(code).toBe(exitCodes.unhealthy);
    expect(out).toContain('CONV_00:3 is dropped\n');
    expect(out).toContain('2 events folded, stands still again at 5');
    const second = await letters('drop', 'CONV_00:5', '--reason', 'nor this', '--yes', '--json');
    expect(second.code).toBe(0);
    expect(JSON.parse(second.out)).toMatchObject({ folded: [], outcomes: [{ tag: 'mended', folded: 2 }] });
    expect((await letters('list')).code).toBe(0);
    const { rows } = await client.query('select reason from parley.dropped_event order by stream_seq');
    expect(rows).toEqual([{ reason: 'of no use' }, { reason: 'nor this' }]);
  });

  it('retries all of a version, once the database takes it', async () => {
    await client.query(
      `alter table rm_1.message add constraint refused check (body not like '%message 4 of %') not valid`,
    );
    await storeLog(
      nats,
      ['one', 'two', 'three'].flatMap((id) => poison(id, [])),
      1,
    );
    await project();
    expect((await letters('list', '--limit', '2')).err).toContain('there are more');
    await client.query('alter table rm_1.message drop constraint refused');
    const { code, out } = await letters('retry', '--all');
    expect(code).toBe(0);
    expect(out.match(/goes on, 3 events folded/g)).toHaveLength(3);
    expect((await letters('retry', '--all')).out).toBe('there is nothing to retry\n');
  });

  it('takes a move of watermarks that comes late at its place among the others', async () => {
    const js = jetstream(nats);
    const move = (delivered: number, read: number, at: number) =>
      JSON.stringify({ conversationId: 'club', user: 'ben', delivered, read, at });
    const moves = [move(1, 0, 10), move(2, 1, 20).replace('"at":20', '"at":"late"'), move(3, 2, 30)];
    for (const text of moves) await js.publish('rcpt.00.club.ben', text);
    await project(receipts);
    const { out } = await letters('show', `${receiptStreamName(0)}:2`);
    expect(out).toContain('watermarks go on without it');
    expect((await letters('retry', 'RCPT_00:2')).code).toBe(exitCodes.unhealthy);
    // As a release would that can read it.
    const { code } = await letters('drop', 'RCPT_00:2', '--reason', 'late', '--yes');
    expect(code).toBe(0);
    const { rows } = await client.query(
      'select delivered::int, read::int, at::int, moves::int[] from rm_1.receipt',
    );
    expect(rows).toEqual([{ delivered: 3, read: 2, at: 30, moves: [1, 0, 10, 3, 2, 30] }]);
    expect(streamName(0)).toBe('CONV_00');
  });
});
