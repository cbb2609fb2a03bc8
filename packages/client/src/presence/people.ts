import { MAX_WATCHED, type PresenceView } from '@parley/domain/wire/presence';
import type { Core } from '../core.js';
import { createStore, type OwnStore, type Store } from '../store.js';

/** How people are there: those somebody listens to are watched, together, by the one connection. */
export type People = {
  /** The same store for the same person. */
  presence(user: string): Store<PresenceView>;
};

export function createPeople(core: Core): People {
  const stores = new Map<string, OwnStore<PresenceView>>();
  /** Those whose store has a listener, who has waited longest first. */
  const wanted = new Set<string>();
  const known = new Map<string, PresenceView>();
  let isAsking = false;

  /** Who comes when the watch is full is `unknown` until there is room. */
  const watched = (): readonly string[] => [...wanted].slice(0, MAX_WATCHED);

  /** Once per turn, however many come and go in it. */
  function watchSoon(): void {
    if (isAsking) return;
    isAsking = true;
    setTimeout(() => {
      isAsking = false;
      forgetUnwatched();
      void watch();
    });
  }

  /** Once the turn is over: who stops listening in it may begin again at once. */
  function forgetUnwatched(): void {
    for (const user of [...known.keys()]) {
      if (wanted.has(user)) continue;
      known.delete(user);
      stores.get(user)?.changed();
    }
  }

  async function watch(): Promise<void> {
    if (core.state().tag !== 'open') return;
    try {
      take((await core.call('presence.watch', { users: watched() })).people);
    } catch {
      // Asked again when somebody comes or goes, and after every break.
    }
  }

  function take(people: readonly PresenceView[]): void {
    for (const person of people) {
      if (!wanted.has(person.user)) continue;
      known.set(person.user, person);
      stores.get(person.user)?.changed();
    }
  }

  core.on('presence', ({ people }) => take(people));
  core.on('state', ({ tag }) => {
    if (tag === 'open' && wanted.size > 0) watchSoon();
    if (tag !== 'waiting' && tag !== 'stopped') return;
    known.clear();
    for (const user of wanted) stores.get(user)?.changed();
  });

  function createPerson(user: string): OwnStore<PresenceView> {
    const unknown: PresenceView = { user, status: 'unknown' };
    return createStore(() => known.get(user) ?? unknown, {
      onWatched() {
        wanted.add(user);
        watchSoon();
      },
      onUnwatched() {
        wanted.delete(user);
        watchSoon();
      },
    });
  }

  return {
    presence(user) {
      const store = stores.get(user) ?? createPerson(user);
      stores.set(user, store);
      return store;
    },
  };
}
