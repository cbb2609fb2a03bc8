import { randomUUID } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import type { Command, CommandType } from '@parley/domain/conversation/commands';
import { decodeEnvelope, type Envelope } from '@parley/domain/log/envelope';
import { readConversation } from '@parley/infra/log/conversation-reader';
import { openPublishWindow, type PublishWindow } from '@parley/infra/log/publish-window';
import { conversationFormat, openSnapshots } from '@parley/infra/log/snapshots';
import { ensureTopology } from '@parley/infra/log/topology';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { TEST_MASTER_KEY } from '@parley/infra/testing/master-key';
import { openVault } from '@parley/infra/vault/open-vault';
import type { Vault } from '@parley/infra/vault/vault';
import { isRight } from 'fp-ts/lib/Either.js';
import { banHashesFor } from '../commands/ban-hashes.js';
import type { CommandResources } from '../commands/handle.js';
import { openConversationStore } from '../conversations/store.js';
import { openTurns } from '../conversations/turns.js';

export const PARTITIONS = 4;
export const BAN_KEY = Buffer.alloc(32, 7);

/** A log on a real broker, and as many command-api instances over it as a test wants. */
export async function openLog(natsUrl: string) {
  const nats = await connectNats(natsUrl, 'test');
  await ensureTopology(nats, { partitions: PARTITIONS, replicas: 1 });
  const jsm = await jetstreamManager(nats, { checkAPI: false });
  const windows: PublishWindow[] = [];
  const vaults: Vault[] = [];

  return {
    nats,
    jsm,
    /** What one instance has: its own cache and window. `wrap` may stand between it and the broker's answers. */
    async instance(
      wrap: (window: PublishWindow) => PublishWindow = (window) => window,
      onFolded: (conversationId: string, event: Envelope) => void = () => undefined,
    ): Promise<CommandResources> {
      const window = openPublishWindow(nats);
      windows.push(window);
      const vault = await openVault({ nats, masterKeys: [TEST_MASTER_KEY] });
      vaults.push(vault);
      const store = openConversationStore({
        jsm,
        snapshots: await openSnapshots(nats, conversationFormat),
        partitions: PARTITIONS,
        maxCached: 1_000,
        onFolded,
        onUnreadable: () => undefined,
      });
      return {
        store,
        turns: openTurns(),
        window: wrap(window),
        jsm,
        vault,
        onAppended: () => undefined,
      };
    },
    async events(resources: CommandResources, conversationId: string): Promise<readonly Envelope[]> {
      const events: Envelope[] = [];
      for await (const { json } of readConversation(jsm, resources.store.placeOf(conversationId))) {
        const envelope = decodeEnvelope(json);
        if (isRight(envelope)) events.push(envelope.right);
      }
      return events;
    },
    snapshotOf: async (conversationId: string) =>
      (await openSnapshots(nats, conversationFormat)).read(conversationId),
    async close(): Promise<void> {
      for (const window of windows) window.close();
      for (const vault of vaults) await vault.close();
      await nats.close();
    },
  };
}

let clock = 1_700_000_000_000;

/** A command as the dispatcher would make it. */
export function commandOf<T extends CommandType>(
  type: T,
  actor: string,
  data: Omit<Extract<Command, { type: T }>['data'], 'commandId'> & { commandId?: string },
): Command {
  const complete = { commandId: randomUUID(), ...data } as unknown as Command['data'];
  return {
    type,
    data: complete,
    actor,
    at: clock++,
    banHashes: banHashesFor(BAN_KEY, type, complete, actor),
  } as Command;
}

export const text = (words: string) => ({ kind: 'text', text: words }) as const;
