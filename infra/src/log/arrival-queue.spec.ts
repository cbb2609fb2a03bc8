import { describe, expect, it } from 'vitest';
import { openArrivalQueue } from './arrival-queue.js';
import type { LoggedMessage } from './delivery.js';

const message = (streamSeq: number, pending = 0): LoggedMessage => ({
  streamSeq,
  subject: 's',
  bytes: new Uint8Array(),
  storedAt: 0,
  pending,
  headers: undefined,
});

const seqs = (batch: readonly LoggedMessage[]) => batch.map(({ streamSeq }) => streamSeq);

/** Long enough to fail the test if it is waited for. */
const FOREVER = 60_000;

describe('the queue between the broker and a reader', () => {
  it('gives what is there at once when no more is known to come', async () => {
    const queue = openArrivalQueue(10);
    queue.put(message(1));
    expect(seqs(await queue.take(5, FOREVER))).toEqual([1]);
  });

  it('wakes a reader who came before the first message', async () => {
    const queue = openArrivalQueue(10);
    const taken = queue.take(5, FOREVER);
    queue.put(message(1));
    expect(seqs(await taken)).toEqual([1]);
  });

  it('waits for a full batch while more is on its way, and no longer than that', async () => {
    const queue = openArrivalQueue(10);
    queue.put(message(1, 2));
    const taken = queue.take(3, FOREVER);
    queue.put(message(2, 1));
    queue.put(message(3, 7));
    expect(seqs(await taken)).toEqual([1, 2, 3]);
  });

  it('ends the wait when the last one known of has come', async () => {
    const queue = openArrivalQueue(10);
    queue.put(message(1, 1));
    const taken = queue.take(5, FOREVER);
    queue.put(message(2, 0));
    expect(seqs(await taken)).toEqual([1, 2]);
  });

  it('ends the wait after the linger when the rest does not come', async () => {
    const queue = openArrivalQueue(10);
    queue.put(message(1, 5));
    expect(seqs(await queue.take(5, 5))).toEqual([1]);
  });

  it('keeps what is more than a batch', async () => {
    const queue = openArrivalQueue(10);
    for (let seq = 1; seq <= 5; seq++) queue.put(message(seq));
    expect(seqs(await queue.take(3, FOREVER))).toEqual([1, 2, 3]);
    expect(queue.length).toBe(2);
    expect(seqs(await queue.take(3, FOREVER))).toEqual([4, 5]);
  });

  it('gives nothing once it is closed, also to who waits', async () => {
    const queue = openArrivalQueue(10);
    const taken = queue.take(5, FOREVER);
    queue.close();
    expect(await taken).toEqual([]);
    queue.put(message(1));
    expect(await queue.take(5, FOREVER)).toEqual([]);
  });

  it('gives what arrived before the end, then nothing', async () => {
    const queue = openArrivalQueue(10);
    queue.put(message(1, 5));
    queue.end();
    expect(seqs(await queue.take(5, FOREVER))).toEqual([1]);
    expect(await queue.take(5, FOREVER)).toEqual([]);
  });

  it('gives what arrived before a failure, then fails', async () => {
    const queue = openArrivalQueue(10);
    queue.put(message(1));
    queue.fail(new Error('closed'));
    expect(seqs(await queue.take(5, FOREVER))).toEqual([1]);
    await expect(queue.take(5, FOREVER)).rejects.toThrow('closed');
  });
});
