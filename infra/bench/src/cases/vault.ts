import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { openPublishWindow } from '@parley/infra/log/publish-window';
import { ensureTopology } from '@parley/infra/log/topology';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { TEST_MASTER_KEY } from '@parley/infra/testing/master-key';
import { waitFor } from '@parley/infra/testing/wait-for';
import { destroySecrets } from '@parley/infra/vault/destroy-secrets';
import { type MasterKey, masterKeysOf, wrapSecret } from '@parley/infra/vault/master-keys';
import { vaultSubject } from '@parley/infra/vault/names';
import { openVault } from '@parley/infra/vault/open-vault';
import { randomInto } from '@parley/infra/vault/sodium';
import type { SecretName } from '@parley/infra/vault/vault';
import { openVaultStream, type VaultStream } from '@parley/infra/vault/vault-stream';
import { isLeft } from 'fp-ts/lib/Either.js';
import { type Case, type Figure, median } from '../case.js';
import { residentBytes } from '../chain/process-figures.js';
import { withStack } from '../with-stack.js';

/** Secrets read, and made, by one page of bodies that each has a conversation and an author of its own. */
const BODIES = 50;
const MIB = 2 ** 20;

/** What a vault of very many conversations and people costs the broker, and those who read it and destroy in it. */
export const vault: Case = {
  name: 'vault',
  about:
    'a vault of 1,000,000 secrets of conversations and people: memory and restart of the broker, 100 secrets read cold, one destroyed; against a vault of 1,000',
  async run({ quick, say }) {
    const [few, many] = quick ? [1_000, 50_000] : [1_000, 1_000_000];
    const rounds = quick ? 10 : 50;
    return withStack(false, async (stack, home) => {
      const conf = join(home, 'nats.conf');
      const nats = await connectNats(stack.nats, 'bench');
      await ensureTopology(nats, { partitions: 1, replicas: 1 });
      const stream = openVaultStream(nats, await jetstreamManager(nats));
      const wrapped = masterKeysOf([TEST_MASTER_KEY]).newest;
      const restart = async (): Promise<number> => {
        await stack.stopServer('nats');
        const begin = performance.now();
        await stack.startServer('nats');
        const fresh = await connectNats(stack.nats, 'fresh');
        await openVaultStream(fresh, await jetstreamManager(fresh)).newest('author.0');
        const took = performance.now() - begin;
        await fresh.close();
        await waitFor(() => stream.newest('author.0'), { what: 'the line', timeout: 30_000 });
        return took;
      };

      await fill(nats, wrapped, 0, few);
      const small = await measure(nats, stream, few, rounds);
      const smallRestart = await restart();
      const smallMemory = residentBytes(pidOf(conf));
      say(`making ${(many - few).toLocaleString('en')} secrets`);
      const begin = performance.now();
      await fill(nats, wrapped, few, many);
      const rate = (many - few) / ((performance.now() - begin) / 1_000);
      const filledMemory = residentBytes(pidOf(conf));
      say(`made, ${Math.round(rate).toLocaleString('en')} a second; measuring`);
      const large = await measure(nats, stream, many, rounds);
      const largeRestart = await restart();
      const largeMemory = residentBytes(pidOf(conf));
      const { bytes } = (await stream.jsm.streams.info('KV_VAULT')).state;
      await nats.close();

      const name = `a vault of ${many.toLocaleString('en')} secrets`;
      const against = (what: string, unit: string, ours: number, ceiling: number, note: string): Figure => ({
        name: `${name}: ${what}`,
        unit,
        ours,
        ceiling,
        ratio: ours / ceiling,
        target: 'said',
        met: true,
        note,
      });
      return [
        against(
          "the broker's memory after a restart",
          'MiB',
          largeMemory / MIB,
          smallMemory / MIB,
          `${Math.round((largeMemory - smallMemory) / (many - few))} bytes a secret; when just made ${Math.round(filledMemory / MIB)} MiB; ${Math.round(bytes / MIB)} MiB on disk`,
        ),
        against('restart until it answers', 'ms', largeRestart, smallRestart, 'the process and its streams'),
        against('read 100 cold, p50', 'ms', large.read, small.read, `and open ${BODIES} bodies by them`),
        against(
          'destroy one, p50',
          'ms',
          large.destroy,
          small.destroy,
          `marker and overwriting; worst of ${rounds}: ${large.worst.toFixed(0)} ms`,
        ),
      ];
    });
  },
};

/** The n-th secret: of conversations and people in turn. */
const nameOf = (n: number): SecretName => (n % 2 === 0 ? `author.${n}` : `conversation.${n}`);

/** Makes secrets as the vault does, from the n-th to before another. */
async function fill(nats: NatsConnection, key: MasterKey, from: number, to: number): Promise<void> {
  const window = openPublishWindow(nats, { timeout: 60_000 });
  const headers = 'NATS/1.0\r\nNats-Expected-Last-Subject-Sequence: 0\r\n\r\n';
  const secret = Buffer.alloc(32);
  for (let at = from; at < to; at += 2_000) {
    const names = Array.from({ length: Math.min(2_000, to - at) }, (_, n) => nameOf(at + n));
    const outcomes = await Promise.all(
      names.map((name) => {
        randomInto(secret);
        return window.publish(vaultSubject(name), wrapSecret(key, name, secret), headers);
      }),
    );
    if (outcomes.some(({ tag }) => tag !== 'stored')) throw new Error('a secret was not stored');
  }
  window.close();
}

/** Medians of reading 100 secrets in a process that knows none, and of destroying one; secrets from all over the vault. */
async function measure(nats: NatsConnection, stream: VaultStream, count: number, rounds: number) {
  const [reads, destroys]: [number[], number[]] = [[], []];
  const pick = (n: number): number => 2 * Math.floor((((n * 0.618034) % 1) * count) / 2);
  for (let round = 0; round < rounds; round++) {
    const sealing = await openVault({ nats, masterKeys: [TEST_MASTER_KEY] });
    const places = Array.from({ length: BODIES }, (_, n) => {
      const at = pick(round * BODIES + n + 1);
      return { conversationId: String(at + 1), seq: 1, author: String(at) };
    });
    const bodies = await Promise.all(
      places.map(async (place) => {
        const opaque = await sealing.seal(place, 'm2026-11', '{"kind":"text","text":"hello"}');
        if (isLeft(opaque)) throw new Error(JSON.stringify(opaque.left));
        return { place, opaque: opaque.right };
      }),
    );
    await sealing.close();
    const cold = await openVault({ nats, masterKeys: [TEST_MASTER_KEY] });
    const begin = performance.now();
    const opened = await cold.open(bodies);
    reads.push(performance.now() - begin);
    if (opened.some(({ tag }) => tag !== 'open')) throw new Error('a body did not open');
    await cold.close();
  }
  for (let round = 0; round < rounds; round++) {
    // One of those that no body of another round hangs on: they are even and followed by their conversation.
    const name = `conversation.${pick(1_000_000 + round) + 1}` as const;
    const begin = performance.now();
    await destroySecrets(stream, [name], 'measured');
    destroys.push(performance.now() - begin);
  }
  return { read: median(reads), destroy: median(destroys), worst: Math.max(...destroys) };
}

/** The process that was started with this argument. Linux only. */
function pidOf(argument: string): number {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const args = readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0');
      if (args.includes(argument)) return Number(entry);
    } catch {
      // It ended meanwhile.
    }
  }
  throw new Error(`no process was started with ${argument}`);
}
