import { availableParallelism } from 'node:os';
import { ensureTopology } from '@parley/infra/log/topology';
import { migrate } from '@parley/infra/read-model/migrate';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { TEST_MASTER_KEYS } from '@parley/infra/testing/master-key';
import { startService } from '@parley/infra/testing/service-process';
import { SYSTEM_PARTITIONS } from '@parley/infra/testing/system-processes';
import { waitFor } from '@parley/infra/testing/wait-for';
import pg from 'pg';
import { type Case, type Figure, median } from '../case.js';
import { startChild } from '../chain/child.js';
import { dropBuild } from '../chain/drop-build.js';
import { projectorLag } from '../chain/projector-lag.js';
import { copyRaw, type RawRows, readRawRows } from '../chain/raw-copy.js';
import type { Switched } from '../chain/rebuild-run.js';
import { storeReplayLog } from '../chain/store-replay-log.js';
import { withStack } from '../with-stack.js';

/** From a log to a version that is served, while a projector keeps the one before, against COPY of the same rows. */
export const rebuild: Case = {
  name: 'rebuild',
  about:
    'log to switched, indexes and all, beside a live version that a projector keeps, against COPY of the same rows',
  async run({ quick, say }) {
    const [events, conversations, rounds] = quick ? [100_000, 1_000, 2] : [1_000_000, 10_000, 3];
    return withStack(false, async (stack) => {
      const nats = await connectNats(stack.nats, 'bench');
      await ensureTopology(nats, { partitions: SYSTEM_PARTITIONS, replicas: 1 });
      await migrate(stack.database);
      say(
        `storing ${events.toLocaleString('en')} events of ${conversations.toLocaleString('en')} conversations`,
      );
      await storeReplayLog(nats, events, conversations, SYSTEM_PARTITIONS);
      const projector = await startService('projector', {
        NATS_URL: stack.nats,
        DATABASE_URL: stack.database,
        REDIS_URL: stack.redis,
        PARLEY_PARTITIONS: String(SYSTEM_PARTITIONS),
        PARLEY_MASTER_KEYS: TEST_MASTER_KEYS,
        PARLEY_LOG_LEVEL: 'silent',
      });
      say('waiting for the version that is live');
      await waitFor(async () => (await projectorLag(stack.nats, stack.database)) === 0, {
        what: 'the live version',
        timeout: 600_000,
      });
      const client = new pg.Client({ connectionString: stack.database });
      client.on('error', () => undefined);
      await client.connect();
      let raw: RawRows | undefined;
      const measured: Measured[] = [];
      for (let round = 0; round < rounds; round++) {
        const child = startChild('rebuild-run', {
          NATS_URL: stack.nats,
          DATABASE_URL: stack.database,
          PARTITIONS: String(SYSTEM_PARTITIONS),
          AT_ONCE: String(availableParallelism()),
          THROTTLE: '0',
        });
        const switched = await child.hear<Switched>('switched');
        await child.stop();
        if (switched.events !== events) throw new Error(`${switched.events} of ${events} events`);
        raw ??= await readRawRows(client, `rm_${switched.version}`);
        await dropBuild(client, switched.version);
        const copied = await copyRaw(stack.database, 'rm_1', raw);
        measured.push({ switched, ...copied });
        say(sentenceOf(measured.at(-1) as Measured, events));
      }
      await projector.end();
      await client.end();
      await nats.close();
      return figuresOf(measured, events);
    });
  },
};

type Measured = { readonly switched: Switched; readonly copiedMs: number; readonly indexedMs: number };

function sentenceOf({ switched, copiedMs, indexedMs }: Measured, events: number): string {
  const phases = Object.entries(switched.phases).map(([phase, ms]) => `${phase} ${(ms / 1_000).toFixed(1)}`);
  return (
    `${(switched.toSwitchMs / 1_000).toFixed(1)} s (${phases.join(', ')}), ${((switched.cpuMs * 1_000) / events).toFixed(0)} µs of CPU an event; ` +
    `COPY ${(copiedMs / 1_000).toFixed(1)} s, with indexes ${(indexedMs / 1_000).toFixed(1)} s`
  );
}

function figuresOf(measured: readonly Measured[], events: number): readonly Figure[] {
  const perSecond = (ms: number) => (events * 1_000) / ms;
  const ours = median(measured.map(({ switched }) => perSecond(switched.toSwitchMs)));
  const against = (pick: (each: Measured) => number) => ({
    ceiling: median(measured.map((each) => perSecond(pick(each)))),
    ratio: median(measured.map((each) => pick(each) / each.switched.toSwitchMs)),
  });
  const [copied, indexed] = [against(({ copiedMs }) => copiedMs), against(({ indexedMs }) => indexedMs)];
  const name = `rebuild of ${events.toLocaleString('en')} events, log to switched`;
  const common = { unit: 'events/s', ours };
  return [
    {
      ...common,
      ...copied,
      name,
      target: '>= 0.35, and 40,000/s',
      met: copied.ratio >= 0.35 && ours >= 40_000,
      note: 'against COPY of the same rows by the same client into tables without indexes',
    },
    {
      ...common,
      ...indexed,
      name: `${name}, beside COPY with indexes`,
      target: 'none',
      met: true,
      note: 'the same rows by one connection, and the indexes after it',
    },
  ];
}
