import type { Store } from '@parley/client/store';

/** A value of the page itself, as a store: the theme, the address, what is being said to the person. */
export type Value<S> = Store<S> & { set(next: S): void };

export function createValue<S>(first: S): Value<S> {
  const listeners = new Set<() => void>();
  let current = first;
  return {
    snapshot: () => current,
    set(next) {
      if (next === current) return;
      current = next;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
