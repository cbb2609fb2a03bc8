import { steadyNow } from '@parley/infra/runtime/steady-now';
import type { Arrivals, Arrived } from './arrivals.js';
import type { Hub } from './hub/hub.js';

/** Milliseconds for which receipts of a conversation are gathered that was told of some just before. */
export const GATHER_MS = 50;

/** Receipts that are gathered at most; with more they are told at once. */
const MAX_GATHERED = 10_000;

/** Receipts that wait to be told together. */
export type ReceiptBatch = { waiting: (readonly [Hub, Uint8Array])[] };

/**
 * Collects receipts: those of a conversation at rest are handed on with the event-loop tick, those of a busy one every 50 ms,
 * so that 500 people who read the same message cost each of them a few frames and not 500. What waits of a conversation waits
 * in one batch, so its receipts keep their order.
 */
export function openReceiptArrivals(tell: (arrived: Arrived) => void): Arrivals['receipt'] {
  const prompt: ReceiptBatch = { waiting: [] };
  const gathered: ReceiptBatch = { waiting: [] };

  function flush(batch: ReceiptBatch): void {
    const arrived = batch.waiting;
    if (arrived.length === 0) return;
    batch.waiting = [];
    const now = steadyNow();
    for (const [hub] of arrived) {
      hub.toldReceiptsAt = now;
      hub.receipts = undefined;
    }
    tell(arrived);
  }

  return (hub, stored) => {
    const isAtRest = steadyNow() - hub.toldReceiptsAt >= GATHER_MS;
    const batch = hub.receipts ?? (isAtRest ? prompt : gathered);
    hub.receipts = batch;
    if (batch.waiting.length === 0) {
      if (batch === prompt) setImmediate(flush, batch);
      else setTimeout(flush, GATHER_MS, batch);
    }
    batch.waiting.push([hub, stored]);
    if (batch.waiting.length >= MAX_GATHERED) flush(batch);
  };
}
