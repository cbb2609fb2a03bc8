import { jetstream } from '@nats-io/jetstream';
import { consumeBatches } from '@parley/infra/log/consume';
import { streamName } from '@parley/infra/log/subjects';
import { ensureTopology } from '@parley/infra/log/topology';
import { migrate } from '@parley/infra/read-model/migrate';
import { NEWEST_MODEL } from '@parley/infra/read-model/models';
import { beginVersion, followVersion } from '@parley/infra/read-model/versions';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { storeLog } from '@parley/infra/testing/store-log';
import { readCheckpoint } from '@parley/projector/checkpoint';
import { PLANS_AND_COMMITS } from '@parley/projector/ownership/session';
import { projectBatch } from '@parley/projector/project-batch';
import { MAX_BATCH } from '@parley/projector/run-share';
import { timeline } from '@parley/projector/timeline/projection';
import type { Verification } from '@parley/projector/verify/verification';
import { type VerifyResources, verifyVersion } from '@parley/projector/verify/verify-version';
import pg from 'pg';
import { type Case, type Figure, median } from '../case.js';
import { replayLog } from '../chain/replay-log.js';
import { chunks } from '../chunks.js';
import { withStack } from '../with-stack.js';

const PARTITIONS = 8;

/** Messages of a conversation. */
const LENGTH = 100;

/** Seconds that a million messages may take. */
const MOST = 60;

/** A bit that fell over in one row of a million, found by comparison with another build and by the log alone. */
export const verify: Case = {
  name: 'verify',
  about: 'one bit of one row falls over: found by comparing two versions, and by the log against all rows',
  async run({ quick, say }) {
    // Of 100 events some are no messages.
    const events = quick ? 40_000 : 1_042_000;
    return withStack(false, async (stack) => {
      const nats = await connectNats(stack.nats, 'bench');
      await ensureTopology(nats, { partitions: PARTITIONS, replicas: 1 });
      await migrate(stack.database);
      const js = jetstream(nats);
      const jsm = await js.jetstreamManager(false);
      const pool = new pg.Pool({ connectionString: stack.database, max: 2 });
      pool.on('error', () => undefined);
      const resources = { js, jsm, partitions: PARTITIONS, databaseUrl: stack.database };
      try {
        say(`storing ${events.toLocaleString('en')} events`);
        for (const part of chunks(replayLog(events, events / LENGTH), 20_000))
          await storeLog(nats, part, PARTITIONS);
        say('projecting them');
        await project(resources, pool);
        await copyVersion(pool, stack.database);
        const messages = await count(pool);
        const rounds = quick ? 1 : 3;
        return [
          await measure('two versions', resources, pool, messages, rounds, 1),
          await measure('log against all rows', resources, pool, messages, rounds, 'log'),
        ];
      } finally {
        await pool.end();
        await nats.close();
      }
    });
  },
};

async function measure(
  what: string,
  resources: VerifyResources,
  pool: pg.Pool,
  messages: number,
  rounds: number,
  against: 1 | 'log',
): Promise<Figure> {
  const took: number[] = [];
  const cpu: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const fallen = await flipOne(pool, messages);
    const before = process.cpuUsage();
    const found = await verifyVersion(resources, 2, { against });
    const { user, system } = process.cpuUsage(before);
    cpu.push((user + system) / messages);
    requireFound(found, fallen);
    took.push(found.seconds);
    await flipBack(pool, fallen);
  }
  const peak = Math.round(process.resourceUsage().maxRSS / 1_024);
  return {
    name: `verify, ${what}, of ${messages.toLocaleString('en')} messages`,
    unit: 's',
    ours: median(took),
    target: `< ${MOST} s of 1,000,000`,
    met: (median(took) / messages) * 1_000_000 < MOST,
    note: `${took.map((seconds) => seconds.toFixed(1)).join(', ')} s; the one bit was found and named each time; ${median(cpu).toFixed(0)} µs of our CPU a message; peak memory ${peak} MB`,
  };
}

type Fallen = { readonly id: string; readonly seq: string };

/** The lowest bit of a character of a body, somewhere in the middle. */
async function flipOne(pool: pg.Pool, messages: number): Promise<Fallen> {
  const { rows } = await pool.query<Fallen>(
    `select conversation_id as id, seq from rm_2.message offset ${Math.floor(Math.random() * messages)} limit 1`,
  );
  const fallen = rows[0] as Fallen;
  await flipBack(pool, fallen);
  return fallen;
}

async function flipBack(pool: pg.Pool, { id, seq }: Fallen): Promise<void> {
  await pool.query(
    `update rm_2.message set body = convert_from(set_byte(convert_to(body, 'UTF8'), 40, get_byte(convert_to(body, 'UTF8'), 40) # 1), 'UTF8')
     where conversation_id = $1 and seq = $2`,
    [id, seq],
  );
}

function requireFound({ differing, differences }: Verification, { id, seq }: Fallen): void {
  const [first] = differences;
  if (differing === 1 && first?.conversationId === id && first.column === 'body' && first.key.seq === seq)
    return;
  throw new Error(`the bit in ${id}:${seq} was not found: ${JSON.stringify(differences.slice(0, 3))}`);
}

/** Version 1, two partitions at once. */
async function project({ js }: VerifyResources, pool: pg.Pool): Promise<void> {
  const left = Array.from({ length: PARTITIONS }, (_, partition) => partition);
  const worker = async (): Promise<void> => {
    const client = await pool.connect();
    await client.query(PLANS_AND_COMMITS);
    for (let partition = left.pop(); partition !== undefined; partition = left.pop()) {
      for (const projection of ['timeline', 'receipts'] as const)
        await readCheckpoint(client, 'rm_1', { projection, partition });
      const share = { projection: 'timeline', partition } as const;
      let checkpoint = await readCheckpoint(client, 'rm_1', share);
      const options = { follow: false, maxBatch: MAX_BATCH };
      for await (const batch of consumeBatches(js, streamName(partition), 0, options))
        ({ checkpoint } = await projectBatch({ client, schema: 'rm_1', share }, timeline, checkpoint, batch));
    }
    client.release();
  };
  await Promise.all([worker(), worker()]);
}

/** Version 2 has the same rows. */
async function copyVersion(pool: pg.Pool, databaseUrl: string): Promise<void> {
  const version = await beginVersion(pool, databaseUrl, NEWEST_MODEL);
  for (const table of ['conversation', 'member', 'message', 'checkpoint'])
    await pool.query(`insert into rm_${version}.${table} select * from rm_1.${table}`);
  await followVersion(pool, version);
  await pool.query('vacuum analyze');
}

async function count(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ count: string }>('select count(*) from rm_1.message');
  return Number(rows[0]?.count);
}
