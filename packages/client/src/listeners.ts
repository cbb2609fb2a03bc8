/** Handlers by the name of what they wait for. */
export type Listeners<Events> = {
  /** Calls `handler` from now on; the result takes it off again. */
  on<N extends keyof Events>(name: N, handler: (value: Events[N]) => void): () => void;
  /** Calls the handlers in the order in which they came. One that throws keeps nobody else; its error surfaces unhandled. */
  emit<N extends keyof Events>(name: N, value: Events[N]): void;
};

export function createListeners<Events>(): Listeners<Events> {
  const handlers = new Map<keyof Events, Set<(value: never) => void>>();
  return {
    on(name, handler) {
      const set = handlers.get(name) ?? new Set();
      handlers.set(name, set);
      // Wrapped, so that the same function registered twice is two registrations.
      const own = (value: never): void => handler(value);
      set.add(own);
      return () => void set.delete(own);
    },
    emit(name, value) {
      for (const handler of [...(handlers.get(name) ?? [])]) {
        try {
          handler(value as never);
        } catch (error) {
          queueMicrotask(() => {
            throw error;
          });
        }
      }
    },
  };
}
