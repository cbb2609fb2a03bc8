import { join } from 'node:path';
import { ensureTopology } from '@parley/infra/log/topology';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { storeLog } from '@parley/infra/testing/store-log';
import { type Case, type Figure, median, paired } from '../case.js';
import { startChild } from '../chain/child.js';
import { replayLog } from '../chain/replay-log.js';
import { chunks } from '../chunks.js';
import { withStack } from '../with-stack.js';

const PARTITIONS = 16;
const CONVERSATIONS = 1_000;

type Took = { readonly ms: number; readonly cpuMs: number; readonly events: number; readonly peakMb: number };

/** The log to text against the log alone, and what a table of it takes. */
export const replay: Case = {
  name: 'replay',
  about:
    'the whole log to a file of NDJSON against the ordered consumer of the client; other formats; memory',
  async run({ quick, say }) {
    const events = quick ? 100_000 : 1_000_000;
    return withStack(false, async (stack, home) => {
      const nats = await connectNats(stack.nats, 'bench');
      await ensureTopology(nats, { partitions: PARTITIONS, replicas: 1 });
      say(
        `storing ${events.toLocaleString('en')} events of ${CONVERSATIONS.toLocaleString('en')} conversations`,
      );
      for (const part of chunks(replayLog(events, CONVERSATIONS), 20_000))
        await storeLog(nats, part, PARTITIONS);
      await nats.close();
      const read = async (how: string): Promise<Took> => {
        const child = startChild('read-log', {
          NATS_URL: stack.nats,
          PARTITIONS: String(PARTITIONS),
          HOW: how,
          OUT: join(home, `events.${how}`),
        });
        const took = await child.hear<Took>('took');
        await child.stop();
        if (took.events !== events) throw new Error(`${how}: ${took.events} of ${events} events`);
        say(
          `${how}: ${(took.ms / 1_000).toFixed(2)} s, ${(took.cpuMs / 1_000).toFixed(2)} s of CPU, ${took.peakMb.toFixed(0)} MB at most`,
        );
        return took;
      };
      return measure(events, quick ? 2 : 3, read);
    });
  },
};

async function measure(
  events: number,
  rounds: number,
  read: (how: string) => Promise<Took>,
): Promise<readonly Figure[]> {
  const rate = async (how: string): Promise<number> => events / ((await read(how)).ms / 1_000);
  const size = events.toLocaleString('en');
  const ndjson = await paired(
    rounds,
    () => rate('ndjson'),
    () => rate('ordered'),
  );
  const batches = await paired(
    rounds,
    () => rate('ndjson'),
    () => rate('batches'),
  );
  const others = [];
  for (const how of ['csv', 'cloudevents'])
    others.push(`${how} ${Math.round(await rate(how)).toLocaleString('en')}`);
  const parquet: Took[] = [];
  for (let round = 0; round < rounds; round++) parquet.push(await read('parquet'));
  const peakMb = Math.max(...parquet.map((took) => took.peakMb));
  const parquetRate = events / (median(parquet.map(({ ms }) => ms)) / 1_000);
  return [
    {
      name: `replay of ${size} events to NDJSON, against the ordered consumer`,
      unit: 'events/s',
      ...ndjson,
      target: '>= 0.6',
      met: ndjson.ratio >= 0.6,
      note: `${ndjson.spread}; ${others.join(', ')} events/s`,
    },
    {
      name: 'the same against our own batches, with nothing done',
      unit: 'events/s',
      ...batches,
      target: '',
      met: true,
      note: batches.spread,
    },
    {
      name: `Parquet of ${size} events, memory at most`,
      unit: 'MB',
      ours: peakMb,
      target: '< 400',
      met: peakMb < 400,
      note: `the most of ${rounds} runs; ${Math.round(parquetRate).toLocaleString('en')} events/s`,
    },
  ];
}
