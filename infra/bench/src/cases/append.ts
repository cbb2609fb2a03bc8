import { randomUUID } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { type CommandResources, handleCommand } from '@parley/command-api/commands/handle';
import { openConversationStore } from '@parley/command-api/conversations/store';
import { openTurns } from '@parley/command-api/conversations/turns';
import type { Command } from '@parley/domain/conversation/commands';
import { openPublishWindow } from '@parley/infra/log/publish-window';
import { conversationFormat, openSnapshots } from '@parley/infra/log/snapshots';
import { placeOf } from '@parley/infra/log/subjects';
import { ensureTopology } from '@parley/infra/log/topology';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { unsealed } from '@parley/infra/vault/unsealed';
import { isLeft } from 'fp-ts/lib/Either.js';
import { type Case, type Figure, paired } from '../case.js';
import { withStack } from '../with-stack.js';

const PARTITIONS = 4;
const CONVERSATIONS = 1_000;
const BODY = 'x'.repeat(256);

/** decide + envelope + append against the same publishes without anything around them. */
export const append: Case = {
  name: 'append',
  about:
    'decide + envelope + append of 256 B over 1,000 conversations, against raw windowed publish with expectation',
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
  const resources = await openResources(nats);
  const ours = await prepareOurs(resources);
  const raw = await prepareRaw(nats);
  await ours(Math.ceil(messages / 4));
  await raw(Math.ceil(messages / 4));
  const result = await paired(
    rounds,
    () => ours(messages),
    () => raw(messages),
  );
  resources.window.close();
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

async function openResources(nats: NatsConnection): Promise<CommandResources> {
  const jsm = await jetstreamManager(nats);
  const store = openConversationStore({
    jsm,
    snapshots: await openSnapshots(nats, conversationFormat),
    partitions: PARTITIONS,
    maxCached: 20_000,
    onUnreadable: () => undefined,
  });
  const window = openPublishWindow(nats);
  return { jsm, store, turns: openTurns(), window, vault: unsealed, onAppended: () => undefined };
}

type Measure = (messages: number) => Promise<number>;

/** Publishes in flight at once on both sides: one per conversation at most, as the expectation demands. */
const IN_FLIGHT = 256;

async function prepareOurs(resources: CommandResources): Promise<Measure> {
  const conversations = Array.from({ length: CONVERSATIONS }, () => `bench-${randomUUID()}`);
  for (const conversationId of conversations) {
    await execute(
      resources,
      command('conversation.create', {
        conversationId,
        commandId: 'create',
        kind: 'group',
        members: ['bob'],
      }),
    );
  }
  let next = 0;
  return (messages) =>
    atOnce(messages, () => {
      const n = next++;
      const conversationId = conversations[n % CONVERSATIONS] as string;
      return execute(
        resources,
        command('message.send', { conversationId, commandId: `c${n}`, body: { kind: 'text', text: BODY } }),
      );
    });
}

const command = (type: Command['type'], data: object): Command =>
  ({ type, data, actor: 'ann', at: Date.now(), banHashes: { ann: 'hash-a', bob: 'hash-b' } }) as Command;

async function execute(resources: CommandResources, sent: Command): Promise<void> {
  const answer = await handleCommand(resources, sent);
  if (isLeft(answer)) throw new Error(`refused: ${JSON.stringify(answer.left)}`);
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

/** Runs `count` tasks, {@link IN_FLIGHT} at once, in order; answers how many a second. */
async function atOnce(count: number, task: () => Promise<unknown>): Promise<number> {
  let started = 0;
  const begin = performance.now();
  const worker = async (): Promise<void> => {
    while (started < count) {
      started++;
      await task();
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return count / ((performance.now() - begin) / 1000);
}
