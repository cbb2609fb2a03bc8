import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Arrived } from './arrivals.js';
import { Hub } from './hub/hub.js';
import { GATHER_MS, openReceiptArrivals } from './receipt-arrivals.js';

describe('receipts that arrive', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** What was told, a list a time. */
  function listening() {
    const told: string[][] = [];
    const hear = openReceiptArrivals((arrived: Arrived) =>
      told.push(arrived.map(([{ conversationId }, stored]) => `${conversationId} ${Buffer.from(stored)}`)),
    );
    return { told, hear: (hub: Hub, what: string) => hear(hub, Buffer.from(what)) };
  }

  it('at a conversation at rest are told with the tick, at a busy one when its time has come', async () => {
    const { told, hear } = listening();
    const [den, pub] = [new Hub('den'), new Hub('pub')];
    hear(den, '1');
    hear(den, '2');
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toEqual([['den 1', 'den 2']]);
    hear(den, '3');
    hear(pub, '1');
    await vi.advanceTimersByTimeAsync(0);
    expect(told.slice(1)).toEqual([['pub 1']]);
    hear(den, '4');
    await vi.advanceTimersByTimeAsync(GATHER_MS);
    expect(told.slice(2)).toEqual([['den 3', 'den 4']]);
  });

  it('keep their order, also when a conversation comes to rest while some wait', async () => {
    const { told, hear } = listening();
    const den = new Hub('den');
    hear(den, '1');
    await vi.advanceTimersByTimeAsync(GATHER_MS - 1);
    hear(den, '2');
    await vi.advanceTimersByTimeAsync(GATHER_MS - 1);
    hear(den, '3');
    await vi.advanceTimersByTimeAsync(GATHER_MS);
    expect(told.flat()).toEqual(['den 1', 'den 2', 'den 3']);
  });

  it('are told early where very many wait', async () => {
    const { told, hear } = listening();
    const den = new Hub('den');
    hear(den, 'first');
    await vi.advanceTimersByTimeAsync(0);
    for (let n = 0; n < 10_001; n++) hear(den, `${n}`);
    expect(told.map(({ length }) => length)).toEqual([1, 10_000]);
    await vi.advanceTimersByTimeAsync(GATHER_MS);
    expect(told.map(({ length }) => length)).toEqual([1, 10_000, 1]);
  });
});
