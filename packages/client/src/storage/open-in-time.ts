import type { Storage, StorageFactory } from './storage.js';

/** Milliseconds a storage may take to open: what waits for it must not wait for ever. */
const OPEN_MS = 3_000;

/** Opens a storage, or gives up on it: one that opens later is closed again. @throws what it throws, or that it is too slow */
export function openInTime(open: StorageFactory, user: string): Promise<Storage> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      reject(new Error(`the storage did not open within ${OPEN_MS} ms`));
    }, OPEN_MS);
    open(user)
      .then((storage) => (isLate ? storage.close() : resolve(storage)), reject)
      .finally(() => clearTimeout(timer));
  });
}
