import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureTopology } from '@parley/infra/log/topology';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { type Case, type Figure, median, paired } from '../case.js';
import { startChild } from '../chain/child.js';
import { storeReplayLog } from '../chain/store-replay-log.js';
import { withStack } from '../with-stack.js';

const PARTITIONS = 16;
const CONVERSATIONS = 1_000;

type Took = {
  readonly ms: number;
  readonly askMs: number;
  readonly events: number;
  readonly peakMb: number;
};

/** The log to tables that are asked, against the log alone, and what a file that keeps them is worth. */
export const query: Case = {
  name: 'query',
  about: 'the whole log into DuckDB against our own batches with nothing done; a question; a cache',
  async run({ quick, say }) {
    const events = quick ? 100_000 : 1_000_000;
    return withStack(false, async (stack, home) => {
      say(
        `storing ${events.toLocaleString('en')} events of ${CONVERSATIONS.toLocaleString('en')} conversations`,
      );
      const nats = await connectNats(stack.nats, 'bench');
      await ensureTopology(nats, { partitions: PARTITIONS, replicas: 1 });
      await storeReplayLog(nats, events, CONVERSATIONS, PARTITIONS);
      await nats.close();
      const cache = join(home, 'cache.duckdb');
      const run = async (program: string, env: Readonly<Record<string, string>>): Promise<Took> => {
        const child = startChild(program, {
          NATS_URL: stack.nats,
          PARTITIONS: String(PARTITIONS),
          HOW: 'batches',
          CACHE: '',
          ...env,
        });
        const took = await child.hear<Took>('took');
        await child.stop();
        if (took.events !== events) throw new Error(`${program}: ${took.events} of ${events} events`);
        say(`${program}: ${(took.ms / 1_000).toFixed(2)} s, ${took.peakMb.toFixed(0)} MB at most`);
        return took;
      };
      return measure(events, quick ? 2 : 3, cache, run);
    });
  },
};

async function measure(
  events: number,
  rounds: number,
  cache: string,
  run: (program: string, env: Readonly<Record<string, string>>) => Promise<Took>,
): Promise<readonly Figure[]> {
  const size = events.toLocaleString('en');
  const [loads, opened]: [Took[], Took[]] = [[], []];
  const load = async (): Promise<number> => {
    loads.push(await run('query-log', {}));
    return events / ((loads.at(-1) as Took).ms / 1_000);
  };
  const loaded = await paired(rounds, load, async () => events / ((await run('read-log', {})).ms / 1_000));
  await rm(cache, { force: true });
  const filled = await run('query-log', { CACHE: cache });
  for (let round = 0; round < rounds; round++) opened.push(await run('query-log', { CACHE: cache }));
  const { size: bytes } = await stat(cache);
  const asked = Math.round(median(loads.map(({ askMs }) => askMs)));
  const peakMb = Math.round(Math.max(...loads.map((took) => took.peakMb)));
  return [
    {
      name: `query, ${size} events into tables`,
      unit: 'events/s',
      ...loaded,
      target: '',
      met: true,
      note: `${loaded.spread}; a question about all messages ${asked} ms; ${peakMb} MB at most`,
    },
    {
      name: 'query, the same from a cache that is up to date',
      unit: 'ms',
      ours: median(opened.map(({ ms }) => ms)),
      target: '',
      met: true,
      note: `first made in ${(filled.ms / 1_000).toFixed(1)} s; ${Math.round(bytes / 2 ** 20)} MiB; a question ${Math.round(median(opened.map(({ askMs }) => askMs)))} ms`,
    },
  ];
}
