import type { Arrivals, Arrived } from './arrivals.js';
import type { Hub } from './hub/hub.js';

/** Milliseconds for which receipts of a conversation are gathered that was told of some just before. */
const GATHER_MS = 50;

/** Receipts that are gathered at most; with more they are told at once. */
const MAX_GATHERED = 10_000;

/**
 * Collects receipts: those of a conversation at rest are handed on with the event-loop tick, those of a busy one every 50 ms,
 * so that 500 people who read the same message cost each of them a few frames and not 500.
 */
export function openReceiptArrivals(tell: (arrived: Arrived) => void): Arrivals['receipt'] {
  const prompt = openBatch((flush) => setImmediate(flush));
  const gathered = openBatch((flush) => setTimeout(flush, GATHER_MS));

  function openBatch(schedule: (flush: () => void) => void) {
    let batch: (readonly [Hub, Uint8Array])[] = [];
    const flush = (): void => {
      const arrived = batch;
      batch = [];
      const now = Date.now();
      for (const [hub] of arrived) hub.toldReceiptsAt = now;
      if (arrived.length > 0) tell(arrived);
    };
    return (hub: Hub, stored: Uint8Array): void => {
      if (batch.length === 0) schedule(flush);
      batch.push([hub, stored]);
      if (batch.length >= MAX_GATHERED) flush();
    };
  }

  return (hub, stored) => {
    const isAtRest = Date.now() - hub.toldReceiptsAt >= GATHER_MS;
    (isAtRest ? prompt : gathered)(hub, stored);
  };
}
