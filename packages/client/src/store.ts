/**
 * A value that changes, as every rendering library can use it (React's and Preact's useSyncExternalStore as it is): `snapshot`
 * returns the same object until something in it has changed, and `subscribe` calls back after each change.
 */
export type Store<S> = {
  snapshot(): S;
  /** The result takes the listener off again. */
  subscribe(listener: () => void): () => void;
};

/** A store, and what its owner does with it. */
export type OwnStore<S> = Store<S> & {
  /** Something that the snapshot is made of has changed. */
  changed(): void;
  /** Calls back at once and every time: for stores that are made of this one. */
  onChange(listener: () => void): () => void;
};

export type StoreOptions = {
  /** Called with the first listener, and when the last has gone. */
  readonly onWatched?: () => void;
  readonly onUnwatched?: () => void;
};

/**
 * A store whose snapshot is computed when somebody looks, from what its owner keeps: `compute` gets the last snapshot, so that it can
 * return that one, or parts of it. Listeners are told once per frame of a visible page, elsewhere once per turn of the
 * event loop, however many changes there were.
 */
export function createStore<S>(compute: (last: S | undefined) => S, options: StoreOptions = {}): OwnStore<S> {
  const listeners = new Set<() => void>();
  const dependents = new Set<() => void>();
  let last: S | undefined;
  let isStale = true;
  let isTelling = false;

  function tell(): void {
    isTelling = false;
    for (const listener of [...listeners]) {
      try {
        listener();
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  return {
    snapshot() {
      if (isStale) {
        isStale = false;
        last = compute(last);
      }
      return last as S;
    },
    subscribe(listener) {
      // Wrapped, so that the same function registered twice is two registrations.
      const own = (): void => listener();
      listeners.add(own);
      if (listeners.size === 1) options.onWatched?.();
      return () => {
        if (listeners.delete(own) && listeners.size === 0) options.onUnwatched?.();
      };
    },
    changed() {
      isStale = true;
      for (const dependent of dependents) dependent();
      if (isTelling || listeners.size === 0) return;
      isTelling = true;
      nextFrame(tell);
    },
    onChange(listener) {
      dependents.add(listener);
      return () => void dependents.delete(listener);
    },
  };
}

type Frames = {
  readonly requestAnimationFrame?: (tell: () => void) => unknown;
  readonly document?: { readonly visibilityState: string };
};

/** A hidden page has no frames; nor has Node. A page that is hidden just now would wait for ever, so time helps. */
function nextFrame(tell: () => void): void {
  const { requestAnimationFrame, document } = globalThis as Frames;
  if (requestAnimationFrame === undefined || document?.visibilityState !== 'visible')
    return void setTimeout(tell);
  let told = false;
  const once = (): void => {
    if (!told) tell();
    told = true;
  };
  requestAnimationFrame(once);
  setTimeout(once, FRAME_MS);
}

/** Milliseconds after which a frame that does not come is not waited for. */
const FRAME_MS = 100;
