import { ensureTopology } from '@parley/infra/log/topology';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import type { Vault } from '@parley/infra/vault/vault';
import * as E from 'fp-ts/lib/Either.js';
import { type Case, type Figure, paired } from '../case.js';
import { openBenchVault } from '../chain/bench-vault.js';
import { openResources, PARTITIONS, prepareSends } from '../chain/sends.js';
import { withStack } from '../with-stack.js';

const TARGET = 0.9;

/** What sealing costs a message on its way into the log. */
export const appendSealed: Case = {
  name: 'append-sealed',
  about:
    'decide + seal + append of 256 B over 1,000 conversations, against the same with bodies that only look sealed',
  async run({ quick, say }) {
    const messages = quick ? 10_000 : 50_000;
    say(`${messages} messages a round`);
    return withStack(false, async (stack) => [await measure(stack.nats, messages, quick ? 3 : 7)]);
  },
};

async function measure(natsUrl: string, messages: number, rounds: number): Promise<Figure> {
  const nats = await connectNats(natsUrl, 'bench');
  await ensureTopology(nats, { partitions: PARTITIONS, replicas: 1 });
  const vault = await openBenchVault(nats);
  const sealing = await openResources(nats, vault);
  const looking = await openResources(nats, looksSealed);
  const sealed = await prepareSends(sealing);
  const plain = await prepareSends(looking);
  await sealed(Math.ceil(messages / 4));
  await plain(Math.ceil(messages / 4));
  const result = await paired(
    rounds,
    () => sealed(messages),
    () => plain(messages),
  );
  sealing.window.close();
  looking.window.close();
  await vault.close();
  await nats.close();
  return {
    name: 'append, sealed',
    unit: 'events/s',
    ...result,
    target: `>= ${TARGET}`,
    met: result.ratio >= TARGET,
    note: result.spread,
  };
}

/** The log takes nothing that does not look sealed: a body goes in as it is, named as if it were. */
const looksSealed: Vault = {
  seal: async (_place, bucket, json) => E.right(`s1.${bucket}.${json}`),
  openNow: () => ({ tag: 'locked' }),
  open: async (closed) => closed.map(() => ({ tag: 'locked' })),
  close: async () => undefined,
};
