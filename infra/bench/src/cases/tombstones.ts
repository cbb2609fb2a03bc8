import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Stack } from '@parley/infra/embedded/stack';
import { ensureTopology } from '@parley/infra/log/topology';
import { migrate } from '@parley/infra/read-model/migrate';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { TEST_MASTER_KEYS } from '@parley/infra/testing/master-key';
import { type ServiceProcess, startService } from '@parley/infra/testing/service-process';
import { SYSTEM_PARTITIONS as PARTITIONS } from '@parley/infra/testing/system-processes';
import { waitFor } from '@parley/infra/testing/wait-for';
import pg from 'pg';
import type { Case, Figure } from '../case.js';
import { endOf, type Mortal, storeMortal } from '../chain/mortal-messages.js';
import { projectorLag } from '../chain/projector-lag.js';
import { type Fired, fireScheduled } from '../chain/scheduled-messages.js';
import { watchTombstones } from '../chain/tombstone-watch.js';
import { openLatencies } from '../percentiles.js';
import { withStack } from '../with-stack.js';

const HOUR = 3_600_000;
const MESSAGES = 10;

/** How late tombstones are, and how fast they come after an hour in which nobody made any. */
export const tombstones: Case = {
  name: 'tombstones',
  about:
    'from when messages are due to their tombstones in the log, one projector, against scheduled messages of the broker',
  async run({ quick, say }) {
    const conversations = quick ? 10_000 : 100_000;
    const scheduled = quick ? 10_000 : 50_000;
    /** In which all of them are due, and by which they are scheduled before, in ms. */
    const [span, ahead] = quick ? [20_000, 5_000] : [240_000, 30_000];
    return withStack(false, async (stack) => {
      await migrate(stack.database);
      const nats = await connectNats(stack.nats, 'bench');
      await ensureTopology(nats, { partitions: PARTITIONS, replicas: 1 });
      const client = new pg.Client({ connectionString: stack.database });
      // A failure must not be hidden by the end of the servers that follows it.
      client.on('error', () => undefined);
      await client.connect();
      const run: Run = { stack, nats, client, say };

      const missed = await catchUp(run, conversations);
      const atOnce = await fireScheduled(nats, scheduled, Date.now() + ahead, 1);
      const late = await beLate(run, conversations, span, missed.storingMs * 1.5 + 10_000);
      const share = scheduled / (conversations * MESSAGES);
      const spread = await fireScheduled(nats, scheduled, Date.now() + ahead, span * share);
      await client.end();
      await nats.close();
      return [catchUpFigure(missed, atOnce), latenessFigure(late, spread)];
    });
  },
};

type Run = {
  readonly stack: Stack;
  readonly nats: NatsConnection;
  readonly client: pg.Client;
  readonly say: (line: string) => void;
};

type CaughtUp = { readonly inLog: number; readonly inRows: number; readonly storingMs: number };

/** Messages a second, from the start of the projector's process, of messages that were all due before. */
async function catchUp({ stack, nats, client, say }: Run, conversations: number): Promise<CaughtUp> {
  const total = conversations * MESSAGES;
  say(`${total.toLocaleString('en')} messages that became due in the last hour`);
  const storingAt = performance.now();
  const first = Date.now() - HOUR;
  await storeMortal(
    nats,
    client,
    { prefix: 'missed', conversations, messages: MESSAGES, first, span: HOUR },
    PARTITIONS,
  );
  const storingMs = performance.now() - storingAt;
  let ended = 0;
  const watch = await watchTombstones(nats, PARTITIONS, (_, ranges) => {
    for (const [from, to] of ranges) ended += to - from + 1;
  });
  const startedAt = performance.now();
  const projector = await startProjector(stack);
  await waitFor(() => ended >= total, { what: 'all tombstones in the log', timeout: 600_000 });
  const inLog = (total * 1_000) / (performance.now() - startedAt);
  await waitFor(async () => (await projectorLag(stack.nats, stack.database)) === 0, {
    what: 'all tombstones in rows',
    timeout: 600_000,
  });
  const inRows = (total * 1_000) / (performance.now() - startedAt);
  await watch.stop();
  await projector.end();
  if (ended !== total) throw new Error(`${ended} tombstones of ${total} messages`);
  return { inLog, inRows, storingMs };
}

type Late = { readonly total: number; readonly p50: number; readonly p99: number; readonly most: number };

/** Every message is waiting at the beginning, `startIn` ms from now, and is due some time in the `span` ms after it. */
async function beLate(run: Run, conversations: number, span: number, startIn: number): Promise<Late> {
  const { stack, nats, client, say } = run;
  const total = conversations * MESSAGES;
  say(`${total.toLocaleString('en')} messages that become due in ${span / 1_000} s`);
  const mortal: Mortal = {
    prefix: 'waiting',
    conversations,
    messages: MESSAGES,
    first: Math.ceil(Date.now() + startIn),
    span,
  };
  await storeMortal(nats, client, mortal, PARTITIONS);
  const late = openLatencies();
  let most = 0;
  const watch = await watchTombstones(nats, PARTITIONS, (conversationId, ranges, storedAt) => {
    const nth = Number(conversationId.slice(mortal.prefix.length + 1));
    for (const [from, to] of ranges) {
      for (let seq = from; seq <= to; seq++) {
        const ms = storedAt - endOf(mortal, nth, seq - 1);
        if (ms < 0) throw new Error(`${conversationId}:${seq} ended ${-ms} ms early`);
        late.add(ms);
        most = Math.max(most, ms);
      }
    }
  });
  const projector = await startProjector(stack);
  if (Date.now() > mortal.first) throw new Error('storing them took longer than the time left for it');
  await sleep(mortal.first + span - Date.now());
  await waitFor(() => late.count >= total, { what: 'all tombstones in the log', timeout: 120_000 });
  await watch.stop();
  await projector.end();
  if (late.count !== total) throw new Error(`${late.count} tombstones of ${total} messages`);
  return { total, p50: late.at(50), p99: late.at(99), most };
}

const startProjector = (stack: Stack): Promise<ServiceProcess> =>
  startService('projector', {
    NATS_URL: stack.nats,
    DATABASE_URL: stack.database,
    REDIS_URL: stack.redis,
    PARLEY_PARTITIONS: String(PARTITIONS),
    PARLEY_MASTER_KEYS: TEST_MASTER_KEYS,
    PARLEY_LOG_LEVEL: 'warn',
  });

const catchUpFigure = ({ inLog, inRows }: CaughtUp, scheduled: Fired): Figure => ({
  name: 'tombstones, catching up after an hour',
  unit: 'messages/s',
  ours: inLog,
  ceiling: scheduled.perSecond,
  ratio: inLog / scheduled.perSecond,
  target: '>= 20,000/s',
  met: inLog >= 20_000,
  note: `in the log; ${Math.round(inRows).toLocaleString('en')}/s until rows have them; the other way is the broker’s scheduled messages, all due at once`,
});

const latenessFigure = ({ total, p50, p99, most }: Late, scheduled: Fired): Figure => ({
  name: `tombstones, p99 late of ${total.toLocaleString('en')} waiting`,
  unit: 'ms',
  ours: p99,
  ceiling: scheduled.p99,
  ratio: p99 / scheduled.p99,
  target: '<= 1,000 ms',
  met: p99 <= 1_000,
  note: `p50 ${p50.toFixed(0)} ms, most ${most.toFixed(0)} ms; the broker’s scheduled messages at this rate: p50 ${scheduled.p50.toFixed(0)} ms`,
});
