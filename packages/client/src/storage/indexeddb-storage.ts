import type { Others, Storage, StorageFactory, StoredEntry } from './storage.js';

/**
 * Keeps what is not sent and the list in the browser, a database per user, shared by all tabs of the origin: one of them, by a Web
 * Lock, sends for all. Without Web Locks (a page that is not served securely) each tab sends its own; the ids still keep
 * the server from taking a command twice.
 *
 * @throws DOMException where the browser lets nothing be stored, such as in some private windows
 */
export const indexedDbStorage: StorageFactory = async (user) => {
  const name = `parley:${user}`;
  const database = await open(name);
  const others = 'locks' in navigator && 'BroadcastChannel' in globalThis ? shareWith(name) : undefined;

  function run<A>(
    store: string,
    mode: IDBTransactionMode,
    act: (store: IDBObjectStore) => IDBRequest<A>,
  ): Promise<A> {
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(store, mode);
      const request = act(transaction.objectStore(store));
      // Stored is what the transaction has committed: the request itself may succeed and the quota still undo it.
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  }

  const storage: Storage = {
    async entries() {
      const entries: StoredEntry[] = [];
      await run(OUTBOX, 'readonly', (store) => {
        const request = store.openCursor();
        request.onsuccess = () => {
          const cursor = request.result;
          if (cursor === null) return;
          entries.push({ id: cursor.key as number, value: cursor.value });
          cursor.continue();
        };
        return request;
      });
      return entries;
    },
    append: async (value) => (await run(OUTBOX, 'readwrite', (store) => store.add(value))) as number,
    async replace(id, value) {
      await run(OUTBOX, 'readwrite', (store) => {
        const known = store.getKey(id);
        known.onsuccess = () => void (known.result !== undefined && store.put(value, id));
        return known;
      });
    },
    remove: (id) => run(OUTBOX, 'readwrite', (store) => store.delete(id)),
    get: (key) => run(VALUES, 'readonly', (store) => store.get(key)),
    set: async (key, value) => void (await run(VALUES, 'readwrite', (store) => store.put(value, key))),
    async clear() {
      await run(OUTBOX, 'readwrite', (store) => store.clear());
      await run(VALUES, 'readwrite', (store) => store.clear());
    },
    async close() {
      others?.leave();
      database.close();
    },
  };
  return others === undefined ? storage : { ...storage, others };
};

const OUTBOX = 'outbox';
const VALUES = 'values';

function open(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(OUTBOX, { autoIncrement: true });
      request.result.createObjectStore(VALUES);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** The other tabs. The lock passes on by itself when the tab that holds it goes, however it goes. */
function shareWith(name: string): Others & { leave(): void } {
  const channel = new BroadcastChannel(name);
  const gone = new AbortController();
  let release: (() => void) | undefined;
  return {
    onLead(lead) {
      const held = (): Promise<void> => {
        lead();
        return new Promise((resolve) => {
          release = resolve;
        });
      };
      void navigator.locks.request(name, { signal: gone.signal }, held).catch(() => undefined);
    },
    tell: (message) => channel.postMessage(message),
    onTold(hear) {
      channel.onmessage = ({ data }) => hear(data);
    },
    leave() {
      gone.abort();
      release?.();
      channel.close();
    },
  };
}
