/** Tasks that may wait for their turn under one key. */
const MAX_WAITING = 1_000;

export type Turns = {
  /**
   * Runs the tasks of one key one after another, in the order of the calls; those of other keys beside them. Resolves to
   * undefined, without running it, when too many wait for the same key.
   */
  take<A>(key: string, task: () => Promise<A>): Promise<A | undefined>;
};

export function openTurns(): Turns {
  const lines = new Map<string, { tail: Promise<unknown>; waiting: number }>();

  return {
    async take(key, task) {
      const line = lines.get(key) ?? { tail: Promise.resolve(), waiting: 0 };
      if (line.waiting >= MAX_WAITING) return undefined;
      lines.set(key, line);
      line.waiting++;
      const run = line.tail.then(task, task);
      line.tail = run.catch(() => undefined);
      try {
        return await run;
      } finally {
        line.waiting--;
        if (line.waiting === 0) lines.delete(key);
      }
    },
  };
}
