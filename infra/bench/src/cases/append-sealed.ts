import { setTimeout as sleep } from 'node:timers/promises';
import { ensureTopology } from '@parley/infra/log/topology';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import type { Vault } from '@parley/infra/vault/vault';
import * as E from 'fp-ts/lib/Either.js';
import { type Case, type Figure, median, paired } from '../case.js';
import { openBenchVault } from '../chain/bench-vault.js';
import { type Measure, openResources, PARTITIONS, prepareSends } from '../chain/sends.js';
import { withStack } from '../with-stack.js';

const TARGET = 0.9;

/** Milliseconds after which what a vault has read is no longer provisional. */
const SETTLED_MS = 2_500;

/** What sealing costs a message on its way into the log. */
export const appendSealed: Case = {
  name: 'append-sealed',
  about:
    'decide + seal + append of 256 B over 1,000 conversations, against the same with bodies that only look sealed',
  async run({ quick, say }) {
    const messages = quick ? 5_000 : 20_000;
    const figures: Figure[] = [];
    for (const syncAlways of [true, false]) {
      const name = syncAlways ? 'append, sealed, synced to disk' : 'append, sealed, default sync';
      say(`${name}: ${messages} messages a round`);
      figures.push(await withStack(syncAlways, ({ nats }) => measure(name, nats, messages, quick ? 5 : 15)));
    }
    return figures;
  },
};

async function measure(name: string, natsUrl: string, messages: number, rounds: number): Promise<Figure> {
  const nats = await connectNats(natsUrl, 'bench');
  await ensureTopology(nats, { partitions: PARTITIONS, replicas: 1 });
  const vault = await openBenchVault(nats);
  const sealing = await openResources(nats, vault);
  const looking = await openResources(nats, looksSealed);
  const sealed = await prepareSends(sealing);
  const plain = await prepareSends(looking);
  // A vault that was just opened reads everything once more.
  await sleep(SETTLED_MS);
  await sealed(Math.ceil(messages / 4));
  await plain(Math.ceil(messages / 4));
  const cpu = { sealed: [] as number[], plain: [] as number[] };
  const result = await paired(
    rounds,
    () => withCpu(cpu.sealed, messages, sealed),
    () => withCpu(cpu.plain, messages, plain),
  );
  sealing.window.close();
  looking.window.close();
  await vault.close();
  await nats.close();
  return {
    name,
    unit: 'events/s',
    ...result,
    target: `>= ${TARGET}`,
    met: result.ratio >= TARGET,
    note: `${result.spread}; CPU per event ${median(cpu.sealed).toFixed(1)} against ${median(cpu.plain).toFixed(1)} µs`,
  };
}

/** Notes what CPU of this process an event took, in µs: it varies less than time where others are at work. */
async function withCpu(spent: number[], messages: number, measure: Measure): Promise<number> {
  const before = process.cpuUsage();
  const rate = await measure(messages);
  const { user, system } = process.cpuUsage(before);
  spent.push((user + system) / messages);
  return rate;
}

/** The log takes nothing that does not look sealed: a body goes in as it is, named as if it were. */
const looksSealed: Vault = {
  seal: async (_place, bucket, json) => E.right(`s1.${bucket}.${json}`),
  openNow: () => ({ tag: 'locked' }),
  open: async (closed) => closed.map(() => ({ tag: 'locked' })),
  close: async () => undefined,
};
