/**
 * A value that changes, as every rendering library can use it (React's and Preact's useSyncExternalStore as it is): `snapshot`
 * returns the same object until something in it has changed, and `subscribe` calls back after each change.
 */
export type Store<S> = {
  snapshot(): S;
  /** The result takes the listener off again. */
  subscribe(listener: () => void): () => void;
};
