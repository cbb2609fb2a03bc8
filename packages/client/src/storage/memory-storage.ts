import type { Storage, StoredEntry } from './storage.js';

/** Keeps nothing beyond this process: for those who need nothing else, and for when another storage fails. */
export function memoryStorage(): Storage {
  const entries = new Map<number, unknown>();
  const values = new Map<string, unknown>();
  let lastId = 0;
  return {
    entries: async () => [...entries].map(([id, value]): StoredEntry => ({ id, value })),
    async append(value) {
      entries.set(++lastId, value);
      return lastId;
    },
    async replace(id, value) {
      if (entries.has(id)) entries.set(id, value);
    },
    remove: async (id) => void entries.delete(id),
    get: async (name) => values.get(name),
    set: async (name, value) => void values.set(name, value),
    async clear() {
      entries.clear();
      values.clear();
    },
    close: async () => undefined,
  };
}
