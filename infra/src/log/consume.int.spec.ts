import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forgetHome } from '../embedded/forget-home.js';
import { type Stack, startStack } from '../embedded/stack.js';
import { connectNats } from '../runtime/connect-nats.js';
import { waitFor } from '../testing/wait-for.js';
import { consumeBatches } from './consume.js';
import { openPublishWindow } from './publish-window.js';

type MsgCallback = (error: Error | null, message: Msg) => void;

const HEADERS = 'NATS/1.0\r\n\r\n';

/** A server of its own, because it is stopped and started again. */
describe('consuming a stream in batches', () => {
  let home: string;
  let stack: Stack;
  let nats: NatsConnection;
  let published = 0;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'parley-consume-'));
    stack = await startStack({ home, syncAlways: false, useEnvironment: false });
    nats = await connectNats(stack.nats, 'consume-spec');
    const jsm = await jetstreamManager(nats);
    await jsm.streams.add({ name: 'S', subjects: ['s.*'], storage: 'file', allow_direct: true });
  });
  afterAll(async () => {
    await nats.close();
    await stack.stop();
    await forgetHome(home);
  });

  async function publish(count: number): Promise<void> {
    const window = openPublishWindow(nats);
    const outcomes = Array.from({ length: count }, (_, index) =>
      window.publish(`s.${index % 7}`, String(published + index), HEADERS),
    );
    const stored = (await Promise.all(outcomes)).filter(({ tag }) => tag === 'stored');
    expect(stored).toHaveLength(count);
    published += count;
    window.close();
  }

  /** Reads in the background until it is stopped. */
  function reader(after: number, maxBatch = 500, connection = nats) {
    const seqs: number[] = [];
    const batches: number[] = [];
    const restarts: string[] = [];
    const abort = new AbortController();
    const done = (async () => {
      const options = {
        maxBatch,
        signal: abort.signal,
        onRestart: (reason: string) => restarts.push(reason),
      };
      for await (const batch of consumeBatches(jetstream(connection), 'S', after, options)) {
        batches.push(batch.length);
        for (const { streamSeq } of batch) seqs.push(streamSeq);
      }
    })();
    const stop = async () => {
      abort.abort();
      await done;
    };
    return { seqs, batches, restarts, stop };
  }

  const from = (first: number, last: number) =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index);

  it('gives every message in order, in full batches while there is a backlog', async () => {
    await publish(5_000);
    const { seqs, batches, stop } = reader(0);
    await waitFor(() => seqs.length >= 5_000, { what: 'all messages' });
    await stop();
    expect(seqs).toEqual(from(1, 5_000));
    expect(Math.max(...batches)).toBeLessThanOrEqual(500);
    expect(batches.length).toBeLessThan(20);
  });

  it('begins after the stream sequence it is given, and ends at the end when it does not follow', async () => {
    const seqs: number[] = [];
    for await (const batch of consumeBatches(jetstream(nats), 'S', 4_990, { follow: false })) {
      seqs.push(...batch.map(({ streamSeq }) => streamSeq));
    }
    expect(seqs).toEqual(from(4_991, 5_000));
    for await (const _ of consumeBatches(jetstream(nats), 'S', 5_000, { follow: false }))
      throw new Error('more');
  });

  it('ends where the rest of the stream was deleted', async () => {
    const jsm = await jetstreamManager(nats);
    await jsm.streams.add({ name: 'D', subjects: ['d.*'], storage: 'file' });
    for (let i = 0; i < 3; i++) await jetstream(nats).publish('d.1', 'x');
    await jsm.streams.deleteMessage('D', 3, false);
    const seqs: number[] = [];
    for (const after of [0, 2]) {
      for await (const batch of consumeBatches(jetstream(nats), 'D', after, { follow: false })) {
        seqs.push(...batch.map(({ streamSeq }) => streamSeq));
      }
    }
    expect(seqs).toEqual([1, 2]);
  });

  it('gives the messages of some subjects alone, from a time on', async () => {
    const read = async (after: number, options: { subjects?: readonly string[]; storedSince?: number }) => {
      const messages = [];
      for await (const batch of consumeBatches(jetstream(nats), 'S', after, { ...options, follow: false }))
        messages.push(...batch);
      return messages;
    };
    const some = await read(0, { subjects: ['s.2', 's.5'] });
    expect(some.map(({ streamSeq }) => streamSeq)).toEqual(
      from(1, 5_000).filter((seq) => [2, 5].includes((seq - 1) % 7)),
    );
    const { storedAt } = (await read(2_500, {}))[0] as { storedAt: number };
    const later = await read(0, { storedSince: storedAt });
    expect(later[0]).toMatchObject({ storedAt });
    expect(later.length).toBeLessThan(5_000);
    expect(await read(4_990, { storedSince: storedAt })).toHaveLength(10);
    expect(await read(0, { subjects: ['s.9'] })).toEqual([]);
    expect(await read(0, { storedSince: Date.now() + 60_000 })).toEqual([]);
  });

  it('gives a single message without waiting for others', async () => {
    const { seqs, stop } = reader(published);
    await publish(1);
    await waitFor(() => seqs.length === 1, { what: 'the message', timeout: 2_000 });
    await stop();
  });

  it('holds no more than it may while its reader does nothing', async () => {
    await publish(3_000);
    const batches = consumeBatches(jetstream(nats), 'S', 0, { maxBatch: 100 });
    const first = await batches.next();
    expect((first.value as readonly unknown[]).length).toBe(100);
    const jsm = await jetstreamManager(nats);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const consumers = await jsm.consumers.list('S').next();
    const delivered = Math.max(...consumers.map(({ delivered: { consumer_seq } }) => consumer_seq));
    expect(delivered).toBeLessThanOrEqual(300);
    await batches.return(undefined);
    await waitFor(async () => (await jsm.consumers.list('S').next()).length === 0, {
      what: 'no consumer left behind',
    });
  });

  it('goes on without gap or repeat after the broker was restarted', async () => {
    const { seqs, restarts, stop } = reader(0, 200);
    await waitFor(() => seqs.length >= published, { what: 'what was there', timeout: 20_000 });
    await stack.stopServer('nats');
    await stack.startServer('nats');
    await waitFor(() => nats.flush().then(() => true), { what: 'the connection' });
    await publish(2_000);
    await waitFor(() => seqs.length >= published, { what: 'what came after', timeout: 20_000 });
    await stop();
    expect(seqs).toEqual(from(1, published));
    expect(restarts.length).toBeGreaterThan(0);
  });

  it('asks again at once when its connection was lost and the broker was not', async () => {
    const { seqs, restarts, stop } = reader(published);
    await publish(1);
    await waitFor(() => seqs.length === 1, { what: 'the first message' });
    await nats.reconnect();
    await waitFor(() => restarts.length > 0, { what: 'the restart', timeout: 4_000 });
    await waitFor(() => nats.flush().then(() => true), { what: 'the connection' });
    await publish(10);
    await waitFor(() => seqs.length === 11, { what: 'what came after' });
    await stop();
    expect(restarts).toEqual(['the connection was lost']);
  });

  it('starts over behind the last message taken when one was lost on the way', async () => {
    let arrived = 0;
    const lossy = new Proxy(nats, {
      get(target, key) {
        if (key !== 'subscribe') return Reflect.get(target, key);
        return (subject: string, { callback }: { callback: MsgCallback }) =>
          target.subscribe(subject, {
            callback: (error, message) => {
              if (message.reply?.startsWith('$JS.ACK.S.') && ++arrived === 700) return;
              callback(error, message);
            },
          });
      },
    });
    const { seqs, restarts, stop } = reader(0, 200, lossy);
    await waitFor(() => seqs.length >= published, { what: 'all messages' });
    await stop();
    expect(seqs).toEqual(from(1, published));
    expect(restarts).toEqual(['message 701 came after 699']);
  });

  it('goes on when its consumer is deleted under it', async () => {
    const { seqs, stop } = reader(0, 200);
    await waitFor(() => seqs.length >= published, { what: 'what was there' });
    const jsm = await jetstreamManager(nats);
    for (const { name } of await jsm.consumers.list('S').next()) await jsm.consumers.delete('S', name);
    await publish(100);
    await waitFor(() => seqs.length >= published, { what: 'what came after', timeout: 15_000 });
    await stop();
    expect(seqs).toEqual(from(1, published));
  });
});
