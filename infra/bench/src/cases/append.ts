import { randomUUID } from 'node:crypto';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { placeOf } from '@parley/infra/log/subjects';
import { ensureTopology } from '@parley/infra/log/topology';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { type Case, type Figure, paired } from '../case.js';
import { openBenchVault } from '../chain/bench-vault.js';
import {
  atOnce,
  CONVERSATIONS,
  type Measure,
  openResources,
  PARTITIONS,
  prepareSends,
} from '../chain/sends.js';
import { withStack } from '../with-stack.js';

/** decide + seal + append against the same publishes without anything around them. */
export const append: Case = {
  name: 'append',
  about:
    'decide + seal + append of 256 B over 1,000 conversations, against raw windowed publish with expectation',
  async run({ quick, say }) {
    const figures: Figure[] = [];
    for (const { syncAlways, target, messages } of [
      { syncAlways: true, target: 0.85, messages: quick ? 5_000 : 30_000 },
      { syncAlways: false, target: 0.45, messages: quick ? 20_000 : 100_000 },
    ]) {
      say(`append, ${syncAlways ? 'synced to disk' : 'default sync'}, ${messages} messages a round`);
      figures.push(
        await withStack(syncAlways, (stack) =>
          measure(stack.nats, syncAlways, target, messages, quick ? 3 : 5),
        ),
      );
    }
    return figures;
  },
};

async function measure(
  natsUrl: string,
  syncAlways: boolean,
  target: number,
  messages: number,
  rounds: number,
): Promise<Figure> {
  const nats = await connectNats(natsUrl, 'bench');
  await ensureTopology(nats, { partitions: PARTITIONS, replicas: 1 });
  const vault = await openBenchVault(nats);
  const resources = await openResources(nats, vault);
  const ours = await prepareSends(resources);
  const raw = await prepareRaw(nats);
  await ours(Math.ceil(messages / 4));
  await raw(Math.ceil(messages / 4));
  const result = await paired(
    rounds,
    () => ours(messages),
    () => raw(messages),
  );
  resources.window.close();
  await vault.close();
  await nats.close();
  return {
    name: `append, ${syncAlways ? 'synced' : 'default sync'}`,
    unit: 'events/s',
    ...result,
    target: `>= ${target}`,
    met: result.ratio >= target,
    note: result.spread,
  };
}

/** The same expectation and message id, the same size, through a window of the same kind: nothing decided, nothing folded. */
async function prepareRaw(nats: NatsConnection): Promise<Measure> {
  const window = rawWindow(nats);
  const payload = JSON.stringify({ padding: 'x'.repeat(256 + 190) });
  const places = Array.from({ length: CONVERSATIONS }, () => placeOf(`raw-${randomUUID()}`, PARTITIONS));
  const last = new Array<number>(CONVERSATIONS).fill(0);
  let next = 0;
  return (messages) =>
    atOnce(messages, async () => {
      const n = next++;
      const index = n % CONVERSATIONS;
      last[index] = await window(places[index]?.subject as string, payload, last[index] as number, `raw${n}`);
    });
}

/** The window the ceiling uses: one inbox, the client's own header map. */
function rawWindow(nats: NatsConnection) {
  const inbox = `_INBOX.${randomUUID()}`;
  const pending = new Map<number, (seq: number) => void>();
  let next = 0;
  nats.subscribe(`${inbox}.*`, {
    callback: (_error, message) => {
      const id = Number(message.subject.slice(inbox.length + 1));
      const { seq } = message.json<{ seq: number }>();
      pending.get(id)?.(seq);
      pending.delete(id);
    },
  });
  return (subject: string, payload: string, expected: number, id: string): Promise<number> =>
    new Promise((resolve) => {
      const n = next++;
      pending.set(n, resolve);
      const map = headers();
      map.set('Nats-Msg-Id', id);
      map.set('Nats-Expected-Last-Subject-Sequence', String(expected));
      nats.publish(subject, payload, { headers: map, reply: `${inbox}.${n}` });
    });
}
