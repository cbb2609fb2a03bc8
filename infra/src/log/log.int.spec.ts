import { randomUUID } from 'node:crypto';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectNats } from '../runtime/connect-nats.js';
import { type TestEnvironment, testEnvironment } from '../testing/test-environment.js';
import { append } from './append.js';
import { eventAt, lastOfConversation, lastOfConversations, readConversation } from './conversation-reader.js';
import { logText } from './log-text.js';
import { openPublishWindow, type PublishWindow } from './publish-window.js';
import { liveSubject, placeOf, receiptStreamName } from './subjects.js';
import { ensureTopology, KEPT_MOVES, PartitionMismatch } from './topology.js';

const PARTITIONS = 4;
let environment: TestEnvironment;
let nats: NatsConnection;
let jsm: JetStreamManager;
let window: PublishWindow;

beforeAll(async () => {
  environment = await testEnvironment();
  nats = await connectNats(environment.natsUrl, 'test');
  await ensureTopology(nats, { partitions: PARTITIONS, replicas: 1 });
  jsm = await jetstreamManager(nats);
  window = openPublishWindow(nats);
});
afterAll(async () => {
  window?.close();
  await nats?.close();
  await environment?.dispose();
});

const put = (conversationId: string, seq: number, expected: number) =>
  append(window, {
    place: placeOf(conversationId, PARTITIONS),
    payload: logText({ conversationId, seq }),
    expected,
    messageId: `${conversationId}:${seq}`,
  });

describe('the topology', () => {
  it('is made once, however many processes start at once', async () => {
    await Promise.all([1, 2, 3].map(() => ensureTopology(nats, { partitions: PARTITIONS, replicas: 1 })));
    expect((await jsm.streams.info('CONV_03')).config.republish?.dest).toBe('live.03.{{wildcard(1)}}');
  });

  it('gains the streams that a log from before does not have', async () => {
    await jsm.streams.delete('ACCT_02');
    await ensureTopology(nats, { partitions: PARTITIONS, replicas: 1 });
    const { config } = await jsm.streams.info('ACCT_02');
    expect(config).toMatchObject({
      subjects: ['acct.02.*'],
      republish: { dest: 'account.02.{{wildcard(1)}}' },
    });
  });

  it('keeps as many moves of a watermark as it says from now on, also in a log that kept fewer, and never fewer', async () => {
    const name = receiptStreamName(0);
    const kept = async () => (await jsm.streams.info(name)).config.max_msgs_per_subject;
    for (const [before, after] of [
      [1, KEPT_MOVES],
      [KEPT_MOVES + 8, KEPT_MOVES + 8],
    ] as const) {
      await jsm.streams.update(name, { max_msgs_per_subject: before });
      await ensureTopology(nats, { partitions: PARTITIONS, replicas: 1 });
      expect(await kept()).toBe(after);
    }
  });

  it('refuses a process configured for another number of partitions, naming both', async () => {
    const wrong = ensureTopology(nats, { partitions: 16, replicas: 1 });
    await expect(wrong).rejects.toBeInstanceOf(PartitionMismatch);
    await expect(wrong).rejects.toThrow(/has 4 partitions.*configured for 16.*PARLEY_PARTITIONS=4/s);
  });
});

describe('an append', () => {
  it('is stored when nothing came after what it expects, and a conflict when something did', async () => {
    const id = randomUUID();
    const first = await put(id, 1, 0);
    expect(first).toMatchObject({ tag: 'stored' });
    const expected = first.tag === 'stored' ? first.streamSeq : 0;
    expect(await put(id, 2, expected)).toMatchObject({ tag: 'stored' });
    expect(await put(id, 3, expected)).toEqual({ tag: 'conflict' });
  });

  it('given twice is stored once', async () => {
    const id = randomUUID();
    const first = await put(id, 1, 0);
    const streamSeq = first.tag === 'stored' ? first.streamSeq : 0;
    expect(await put(id, 1, 0)).toEqual({ tag: 'conflict' });
    expect(await put(id, 1, streamSeq)).toEqual({ tag: 'duplicate', streamSeq });
    const stored = [];
    for await (const event of readConversation(jsm, placeOf(id, PARTITIONS))) stored.push(event.json);
    expect(stored).toEqual([{ conversationId: id, seq: 1 }]);
  });

  it('is heard live after it is stored', async () => {
    const id = randomUUID();
    const heard = nats.subscribe(liveSubject(id, PARTITIONS), { max: 1 });
    await nats.flush();
    const stored = await put(id, 1, 0);
    for await (const message of heard) {
      expect(message.json()).toEqual({ conversationId: id, seq: 1 });
      expect(message.headers?.get('Nats-Sequence')).toBe(String(stored.tag === 'stored' && stored.streamSeq));
    }
  });

  it('without a stream is refused, not lost in silence', async () => {
    const outcome = await window.publish('conv.99.nowhere', '{}', 'NATS/1.0\r\n\r\n');
    expect(outcome).toMatchObject({ tag: 'refused' });
  });

  it('waits for room when the window is full, and is refused when the queue is full too', async () => {
    const narrow = openPublishWindow(nats, { size: 1, queue: 2 });
    const ids = [1, 2, 3, 4].map(() => randomUUID());
    const outcomes = await Promise.all(
      ids.map((id) =>
        append(narrow, { place: placeOf(id, PARTITIONS), payload: logText({}), expected: 0, messageId: id }),
      ),
    );
    narrow.close();
    expect(outcomes.map(({ tag }) => tag)).toEqual(['stored', 'stored', 'stored', 'refused']);
  });
});

describe('reading a conversation', () => {
  it('gives its events in order among those of others, over several pages', async () => {
    const [mine, other] = [`m-${randomUUID()}`, `o-${randomUUID()}`];
    let expected = 0;
    for (let seq = 1; seq <= 1_100; seq++) {
      const stored = await put(mine, seq, expected);
      if (stored.tag === 'stored') expected = stored.streamSeq;
      if (seq % 3 === 0) await put(`${other}-${seq}`, 1, 0);
    }
    const seqs: number[] = [];
    for await (const { json } of readConversation(jsm, placeOf(mine, PARTITIONS)))
      seqs.push((json as { seq: number }).seq);
    expect(seqs).toEqual(Array.from({ length: 1_100 }, (_, index) => index + 1));
    expect((await lastOfConversation(jsm, placeOf(mine, PARTITIONS)))?.streamSeq).toBe(expected);
    const head = { seq: 1_100, streamSeq: expected };
    for (const seq of [1, 2, 555, 1_099, 1_100]) {
      expect((await eventAt(jsm, placeOf(mine, PARTITIONS), seq, head))?.json).toEqual({
        conversationId: mine,
        seq,
      });
    }
    expect(await eventAt(jsm, placeOf(mine, PARTITIONS), 1_101, head)).toBeUndefined();
  });

  it('gives the newest events of many, with what is there of large ones', async () => {
    const ids = Array.from({ length: 700 }, (_, n) => `n${n}-${randomUUID()}`);
    const padding = 'x'.repeat(20_000);
    await Promise.all(
      ids.map(async (id) => {
        const first = await append(window, {
          place: placeOf(id, PARTITIONS),
          payload: logText({ seq: 1, padding }),
          expected: 0,
          messageId: `${id}:1`,
        });
        if (Number(id[1]) > 4 && first.tag === 'stored') await put(id, 2, first.streamSeq);
      }),
    );
    const places = [...ids, 'nobody-there', ids[0] as string].map((id) => placeOf(id, PARTITIONS));
    const found = await lastOfConversations(jsm, places);
    const seqs = found.map((event) => (event?.json as { seq: number } | undefined)?.seq);
    expect(seqs).toEqual([...ids.map((id) => (Number(id[1]) > 4 ? 2 : 1)), undefined, 1]);
  });

  it('of which there is nothing ends at once', async () => {
    const found = [];
    for await (const event of readConversation(jsm, placeOf('nobody-there', PARTITIONS))) found.push(event);
    expect(found).toEqual([]);
    expect(await lastOfConversation(jsm, placeOf('nobody-there', PARTITIONS))).toBeUndefined();
  });
});
