import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { closeBody } from '@parley/domain/conversation/body';
import { type Envelope, envelop } from '@parley/domain/log/envelope';
import { signingKey } from '@parley/infra/erasure/proof/certificate';
import { readConversation } from '@parley/infra/log/conversation-reader';
import { logText } from '@parley/infra/log/log-text';
import { openPublishWindow } from '@parley/infra/log/publish-window';
import { placeOf } from '@parley/infra/log/subjects';
import { ensureTopology } from '@parley/infra/log/topology';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { TEST_MASTER_KEY } from '@parley/infra/testing/master-key';
import { storeLog } from '@parley/infra/testing/store-log';
import { openAppendRun } from '@parley/infra/transfer/append-run';
import { exportConversation } from '@parley/infra/transfer/export-conversation';
import { importConversation } from '@parley/infra/transfer/import-conversation';
import { openVault } from '@parley/infra/vault/open-vault';
import { openVaultStream } from '@parley/infra/vault/vault-stream';
import { type Case, type Figure, median } from '../case.js';
import { sealedPast } from '../chain/bench-vault.js';
import { withStack } from '../with-stack.js';

const PASSPHRASE = Buffer.from('correct horse battery staple');
const HARDNESS = { passes: 1, memory: 8_192 };
const CONVERSATION = 'garden';
const AUTHORS = 20;

/** What moving one large conversation costs, against reading it and appending it as it is. */
export const transfer: Case = {
  name: 'transfer',
  about:
    'export and import of one conversation of 256 B messages, against reading its events, and against appending them',
  async run({ quick, say }) {
    const messages = quick ? 10_000 : 100_000;
    const rounds = quick ? 1 : 3;
    const directory = await mkdtemp(join(tmpdir(), 'parley-transfer-bench-'));
    const exported: number[] = [];
    const imported: number[] = [];
    const read: number[] = [];
    const appended: number[] = [];
    const cpu = { exported: [] as number[], imported: [] as number[] };
    let size = 0;
    let grown = 0;
    try {
      for (let round = 0; round < rounds; round++) {
        say(`round ${round + 1} of ${rounds}: ${messages} messages`);
        const file = join(directory, `round-${round}`);
        await withStack(false, async ({ nats: url }) => {
          const stack = await open(url, 4, 1);
          await storeLog(stack.nats, await sealedPast(stack.vault, history(messages)), 4);
          read.push(await rate(messages, () => drain(stack)));
          const before = process.memoryUsage().rss;
          exported.push(await rate(messages, () => write(stack, file), cpu.exported));
          grown = Math.max(grown, process.memoryUsage().rss - before);
          size = (await stat(file)).size;
          await stack.close();
        });
        await withStack(false, async ({ nats: url }) => {
          const stack = await open(url, 8, 2);
          imported.push(
            await rate(
              messages,
              () => importConversation(stack, file, { passphrase: PASSPHRASE }),
              cpu.imported,
            ),
          );
          appended.push(await rate(messages, () => append(stack, messages)));
          await stack.close();
        });
      }
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
    const each = (spent: readonly number[]): string => `${median(spent).toFixed(0)} µs of CPU an event`;
    const note = `${each(cpu.exported)}; ${(size / messages).toFixed(0)} bytes of file an event; memory grew by ${(grown / 1e6).toFixed(0)} MB`;
    return [
      figureOf('export, with keys', exported, read, 'reading the events', note),
      figureOf(
        'import, checked and sealed anew',
        imported,
        appended,
        'appending as many, each expecting the one before',
        each(cpu.imported),
      ),
    ];
  },
};

function figureOf(
  name: string,
  ours: readonly number[],
  ceiling: readonly number[],
  against: string,
  note: string | undefined,
): Figure {
  const ratio = median(ours.map((each, index) => each / (ceiling[index] as number)));
  return {
    name,
    unit: 'events/s',
    ours: median(ours),
    ceiling: median(ceiling),
    ratio,
    target: 'none: it is done once',
    met: true,
    note: note === undefined ? `against ${against}` : `against ${against}; ${note}`,
  };
}

/** Events a second; and what CPU of this process each took, in µs, which varies less where others are at work. */
async function rate(events: number, work: () => Promise<unknown>, cpu: number[] = []): Promise<number> {
  const begun = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  cpu.push((user + system) / events);
  return (1_000 * events) / (performance.now() - begun);
}

async function open(url: string, partitions: number, key: number) {
  const nats = await connectNats(url, 'bench');
  await ensureTopology(nats, { partitions, replicas: 1 });
  const jsm = await jetstreamManager(nats);
  const vault = await openVault({ nats, masterKeys: [TEST_MASTER_KEY.map((byte) => byte ^ key)] });
  const window = openPublishWindow(nats);
  return {
    nats,
    jsm,
    vault,
    window,
    partitions,
    vaultStream: openVaultStream(nats, jsm),
    banKey: Buffer.alloc(16, key),
    now: Date.now,
    async close() {
      window.close();
      await vault.close();
      await nats.close();
    },
  };
}

type Stack = Awaited<ReturnType<typeof open>>;

function history(messages: number): readonly Envelope[] {
  const at = Date.now() - messages;
  const place = (seq: number, actor: string) => ({
    conversationId: CONVERSATION,
    seq,
    at: at + seq,
    actor,
    commandId: `c-${seq}`,
  });
  const members = Array.from({ length: AUTHORS }, (_, index) => ({
    user: `user-${index}`,
    role: 'owner' as const,
    banHash: `hash-${index}`,
  }));
  const created = envelop(
    { type: 'conversation.created', data: { kind: 'group', ttl: null, members } },
    place(1, 'user-0'),
  );
  const body = closeBody({ kind: 'text', text: 'x'.repeat(256) });
  const sent = Array.from({ length: messages - 1 }, (_, index) =>
    envelop(
      { type: 'message.sent', data: { ordinal: index + 1, body } },
      place(index + 2, `user-${index % AUTHORS}`),
    ),
  );
  return [created, ...sent];
}

async function drain({ jsm, partitions }: Stack): Promise<void> {
  for await (const _ of readConversation(jsm, placeOf(CONVERSATION, partitions)));
}

async function write(stack: Stack, path: string): Promise<void> {
  const file = createWriteStream(path);
  const keys = { vault: stack.vault, passphrase: PASSPHRASE, hardness: HARDNESS };
  const options = { conversationId: CONVERSATION, signingKey: signingKey(Buffer.alloc(32, 7)), keys };
  await exportConversation(
    stack,
    options,
    (text) =>
      new Promise<void>((resolve, reject) =>
        file.write(text, (error) => (error ? reject(error) : resolve())),
      ),
  );
  await new Promise<void>((resolve) => file.end(resolve));
}

/** The same number of events as long as those, of a conversation of its own. */
async function append({ jsm, window, partitions }: Stack, messages: number): Promise<void> {
  const run = openAppendRun({ jsm, window }, placeOf('ceiling', partitions), 0);
  const body = `s1.m2026-11.${'A'.repeat(420)}`;
  for (let from = 1; from <= messages; from += 256) {
    const count = Math.min(256, messages - from + 1);
    const some = Array.from({ length: count }, (_, index) => ({
      text: logText({
        seq: from + index,
        conversationId: 'ceiling',
        type: 'message.sent',
        data: { ordinal: from, body },
      }),
      messageId: `ceiling:${from + index}`,
    }));
    await run.append(some);
  }
}
