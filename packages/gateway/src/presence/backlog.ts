/** What waits to be worked off, each item once. */
export type Backlog<A> = {
  add(items: Iterable<A>): void;
  delete(item: A): void;
  readonly size: number;
};

export type BacklogOptions<A> = {
  /** Items worked off at the same time. */
  readonly atOnce: number;
  /** Must not reject. */
  readonly work: (items: readonly A[]) => Promise<unknown>;
  /** While it is not, nothing waits: what did is left to whoever makes it possible again. */
  readonly isPossible: () => boolean;
};

/** Begins with the event-loop tick, and ends when nothing waits; what is added meanwhile is worked off, too. */
export function openBacklog<A>({ atOnce, work, isPossible }: BacklogOptions<A>): Backlog<A> {
  const waiting = new Set<A>();
  let isWorking = false;

  async function workOff(): Promise<void> {
    while (waiting.size > 0 && isPossible()) {
      const items = firstOf(waiting, atOnce);
      for (const item of items) waiting.delete(item);
      await work(items);
    }
    waiting.clear();
    isWorking = false;
  }

  return {
    add(items) {
      for (const item of items) waiting.add(item);
      if (isWorking || waiting.size === 0) return;
      isWorking = true;
      setImmediate(() => void workOff());
    },
    delete: (item) => void waiting.delete(item),
    get size() {
      return waiting.size;
    },
  };
}

/** The first `most` items of a set. */
function firstOf<A>(set: ReadonlySet<A>, most: number): readonly A[] {
  const first: A[] = [];
  for (const item of set) {
    if (first.length === most) break;
    first.push(item);
  }
  return first;
}
