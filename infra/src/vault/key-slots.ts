import { KEY_BYTES, secureMemory, wipe } from './sodium.js';

/** Places for 32 bytes each, in one stretch of memory that never moves, so that what is wiped is gone. */
export type KeySlots = {
  /** @throws when all are taken: their number bounds those who take them. */
  take(): Buffer;
  /** Wipes it and has it back. */
  give(slot: Buffer): void;
};

/** Small buffers of their own would lie in the heap, where the collector copies them about and wipes nothing. */
export function openKeySlots(count: number): KeySlots {
  const memory = secureMemory(count * KEY_BYTES);
  const free: Buffer[] = [];
  let untouched = 0;

  return {
    take() {
      const slot = free.pop();
      if (slot !== undefined) return slot;
      if (untouched >= count) throw new Error(`all ${count} places for keys are taken`);
      const from = untouched++ * KEY_BYTES;
      return memory.subarray(from, from + KEY_BYTES);
    },
    give(slot) {
      wipe(slot);
      free.push(slot);
    },
  };
}
