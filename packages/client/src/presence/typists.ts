import type { Core } from '../core.js';
import { createStore, type OwnStore, type Store } from '../store.js';
import { elapsed } from '../time/elapsed.js';

/** Who types where, until they stop, send, or are not heard of again in time. */
export type Typists = {
  typing(conversationId: string): Store<readonly string[]>;
  /** Those who type there now, in order of their names. */
  at(conversationId: string): readonly string[];
  /** Called with the conversation whenever somebody begins or ends. */
  onChange(listener: (conversationId: string) => void): void;
};

const NOBODY: readonly string[] = [];

export function createTypists(core: Core): Typists {
  const ends = new Map<string, Map<string, number>>();
  const names = new Map<string, readonly string[]>();
  const stores = new Map<string, Set<OwnStore<readonly string[]>>>();
  const listeners: ((conversationId: string) => void)[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  function put(conversationId: string, user: string, end: number | undefined): void {
    const here = ends.get(conversationId) ?? new Map<string, number>();
    const before = here.has(user);
    if (end === undefined) here.delete(user);
    else here.set(user, end);
    if (here.size === 0) ends.delete(conversationId);
    else ends.set(conversationId, here);
    if (before === (end !== undefined)) return;
    if (here.size === 0) names.delete(conversationId);
    else names.set(conversationId, [...here.keys()].sort());
    for (const store of stores.get(conversationId) ?? []) store.changed();
    for (const listener of listeners) listener(conversationId);
  }

  /** One timer for all: at the earliest end. */
  function sweep(): void {
    clearTimeout(timer);
    const now = elapsed();
    let next = Number.POSITIVE_INFINITY;
    for (const [conversationId, here] of [...ends]) {
      for (const [user, end] of [...here]) {
        if (end <= now) put(conversationId, user, undefined);
        else next = Math.min(next, end);
      }
    }
    if (next < Number.POSITIVE_INFINITY) timer = setTimeout(sweep, next - now);
  }

  core.on('typing', ({ conversationId, user, expiresInMs }) => {
    if (user === core.user()) return;
    put(conversationId, user, expiresInMs > 0 ? elapsed() + expiresInMs : undefined);
    sweep();
  });
  core.on('event', ({ type, conversationId, actor }) => {
    if (type === 'message.sent' && ends.get(conversationId)?.has(actor))
      put(conversationId, actor, undefined);
  });
  core.on('state', ({ tag }) => {
    if (tag === 'stopped') clearTimeout(timer);
    if (tag !== 'stopped' && tag !== 'waiting') return;
    for (const [conversationId, here] of [...ends])
      for (const user of [...here.keys()]) put(conversationId, user, undefined);
  });

  const at = (conversationId: string): readonly string[] => names.get(conversationId) ?? NOBODY;
  return {
    at,
    onChange: (listener) => void listeners.push(listener),
    typing(conversationId) {
      const store: OwnStore<readonly string[]> = createStore(() => at(conversationId), {
        onWatched() {
          const all = stores.get(conversationId) ?? new Set();
          stores.set(conversationId, all.add(store));
        },
        onUnwatched() {
          const all = stores.get(conversationId);
          all?.delete(store);
          if (all?.size === 0) stores.delete(conversationId);
        },
      });
      // Kept up whether somebody listens or not: what it is made of is kept by conversation.
      return { snapshot: () => at(conversationId), subscribe: store.subscribe };
    },
  };
}
