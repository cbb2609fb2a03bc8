import type { Envelope } from '@parley/domain/log/envelope';
import type { Stack } from '@parley/infra/embedded/stack';
import { ensureTopology } from '@parley/infra/log/topology';
import { migrate, migrateVersion } from '@parley/infra/read-model/migrate';
import { NEWEST_MODEL } from '@parley/infra/read-model/models';
import { schemaOf } from '@parley/infra/read-model/schema-name';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { storeLog } from '@parley/infra/testing/store-log';
import { MAX_BATCH } from '@parley/projector/run-share';
import pg from 'pg';
import { type Case, type Figure, median, paired } from '../case.js';
import { startChild } from '../chain/child.js';
import { replayLog } from '../chain/replay-log.js';
import { chunks } from '../chunks.js';
import { withStack } from '../with-stack.js';

const CONVERSATIONS = 1_000;

/** One partition and one connection on both sides: what a share of the work is worth, not how many there are. */
const PARTITIONS = 1;

/** The log to committed rows against the rows alone. */
export const projector: Case = {
  name: 'projector',
  about:
    'log to committed rows of one partition, cache included, against a raw unnest insert of its messages with checkpoint',
  async run({ quick, say }) {
    const events = quick ? 20_000 : 200_000;
    return withStack(false, async (stack) => {
      const nats = await connectNats(stack.nats, 'bench');
      await ensureTopology(nats, { partitions: PARTITIONS, replicas: 1 });
      await migrate(stack.database);
      say(
        `storing ${events.toLocaleString('en')} events of ${CONVERSATIONS.toLocaleString('en')} conversations`,
      );
      const batches: Batch[] = [];
      for (const part of chunks(replayLog(events, CONVERSATIONS), MAX_BATCH)) {
        await storeLog(nats, part, PARTITIONS);
        batches.push(batchOf(part));
      }
      const figure = await measure(stack, events, batches, quick ? 2 : 3);
      await nats.close();
      return [figure];
    });
  },
};

async function measure(
  stack: Stack,
  events: number,
  batches: readonly Batch[],
  rounds: number,
): Promise<Figure> {
  let version = 1;
  const cpu: number[] = [];
  const ours = async (schema: string): Promise<number> => {
    const { ms, cpuMs } = await project(stack, schema, events);
    cpu.push((cpuMs * 1_000) / events);
    return ms;
  };
  /** Each round in a read model of its own, which is dropped afterwards. */
  const inFresh = async (run: (schema: string) => Promise<number>): Promise<number> => {
    const schema = schemaOf(++version);
    await migrateVersion(stack.database, version, NEWEST_MODEL);
    const took = await run(schema);
    await requireRows(stack.database, schema, batches);
    return events / (took / 1_000);
  };
  const result = await paired(
    rounds,
    () => inFresh(ours),
    () => inFresh((schema) => insertRaw(stack.database, schema, batches)),
  );
  return {
    name: `projector, replay of ${events.toLocaleString('en')} events`,
    unit: 'events/s',
    ...result,
    target: '>= 0.5',
    met: result.ratio >= 0.5,
    note: `${result.spread}; one partition, one connection each; our process takes ${median(cpu).toFixed(0)} µs of CPU an event`,
  };
}

type Took = { readonly ms: number; readonly cpuMs: number };

/** Our projector's work on the share, in a process of its own. */
async function project(stack: Stack, schema: string, events: number): Promise<Took> {
  const child = startChild('replay-share', {
    NATS_URL: stack.nats,
    DATABASE_URL: stack.database,
    REDIS_URL: stack.redis,
    SCHEMA: schema,
  });
  const took = await child.hear<Took>('took');
  await child.stop();
  const client = new pg.Client({ connectionString: stack.database });
  await client.connect();
  const { rows } = await client.query<{ events: string }>(`select events from ${schema}.checkpoint`);
  await client.end();
  if (Number(rows[0]?.events) !== events) throw new Error(`projected ${rows[0]?.events} of ${events} events`);
  return took;
}

/** Columns of the messages in a batch, as unnest takes them, and where the log stands after it. */
type Batch = { readonly streamSeq: number; readonly columns: readonly (readonly (string | number)[])[] };

let stored = 0;

/** In the order in which a projector writes them: conversation by conversation. */
function batchOf(events: readonly Envelope[]): Batch {
  stored += events.length;
  const sent = events.flatMap((event) => (event.type === 'message.sent' ? [event] : []));
  sent.sort((a, b) =>
    a.conversationId < b.conversationId ? -1 : a.conversationId > b.conversationId ? 1 : a.seq - b.seq,
  );
  return {
    streamSeq: stored,
    columns: [
      sent.map(({ conversationId }) => conversationId),
      sent.map(({ seq }) => seq),
      sent.map(({ data }) => data.ordinal),
      sent.map(({ actor }) => actor),
      sent.map(({ at }) => at),
      sent.map(({ data }) => data.body),
    ],
  };
}

async function insertRaw(database: string, schema: string, batches: readonly Batch[]): Promise<number> {
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  const startedAt = performance.now();
  await client.query(
    `insert into ${schema}.checkpoint (projection, partition, stream_seq, events, digest) values ('timeline', 0, 0, 0, '')`,
  );
  for (const { streamSeq, columns } of batches) {
    await client.query('begin');
    await client.query({
      name: `raw-checkpoint-${schema}`,
      text: `update ${schema}.checkpoint set stream_seq = $1, events = $1 where projection = 'timeline' and partition = 0`,
      values: [streamSeq],
    });
    await client.query({
      name: `raw-insert-${schema}`,
      text: `insert into ${schema}.message (conversation_id, seq, ordinal, author, at, body)
        select * from unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::text[])`,
      values: [...columns],
    });
    await client.query('commit');
  }
  const took = performance.now() - startedAt;
  await client.end();
  return took;
}

/** Both sides must have written the same messages; then the tables make room. */
async function requireRows(database: string, schema: string, batches: readonly Batch[]): Promise<void> {
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  const { rows } = await client.query<{ count: string }>(`select count(*) from ${schema}.message`);
  const wanted = batches.reduce((sum, { columns }) => sum + (columns[0]?.length ?? 0), 0);
  if (Number(rows[0]?.count) !== wanted) throw new Error(`${rows[0]?.count} rows instead of ${wanted}`);
  await client.query(`drop schema ${schema} cascade`);
  await client.query('checkpoint');
  await client.end();
}
