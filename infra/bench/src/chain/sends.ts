import { randomUUID } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { type CommandResources, handleCommand } from '@parley/command-api/commands/handle';
import { openConversationStore } from '@parley/command-api/conversations/store';
import { openTurns } from '@parley/command-api/conversations/turns';
import type { Command } from '@parley/domain/conversation/commands';
import { openPublishWindow } from '@parley/infra/log/publish-window';
import { conversationFormat, openSnapshots } from '@parley/infra/log/snapshots';
import type { Vault } from '@parley/infra/vault/vault';
import { isLeft } from 'fp-ts/lib/Either.js';

/** Partitions of the log, conversations that are written to in turn, and bytes of each message. */
export const PARTITIONS = 4;
export const CONVERSATIONS = 1_000;
const BODY = 'x'.repeat(256);

/** Does so many, and answers how many a second. */
export type Measure = (messages: number) => Promise<number>;

/** What a command-api has, around a vault. */
export async function openResources(nats: NatsConnection, vault: Vault): Promise<CommandResources> {
  const jsm = await jetstreamManager(nats);
  const store = openConversationStore({
    jsm,
    snapshots: await openSnapshots(nats, conversationFormat),
    partitions: PARTITIONS,
    maxCached: 20_000,
    onUnreadable: () => undefined,
  });
  const window = openPublishWindow(nats);
  return { jsm, store, turns: openTurns(), window, vault, onAppended: () => undefined };
}

/** Messages through the whole of what a command goes through, from the decision to the append. */
export async function prepareSends(resources: CommandResources): Promise<Measure> {
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

/** Publishes in flight at once: one per conversation at most, as the expectation demands. */
const IN_FLIGHT = 256;

/** Runs `count` tasks, {@link IN_FLIGHT} at once, in order; answers how many a second. */
export async function atOnce(count: number, task: () => Promise<unknown>): Promise<number> {
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
