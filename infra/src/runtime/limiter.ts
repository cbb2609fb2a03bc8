export type Limiter = {
  /** Runs `task` when fewer than the limit run; the others wait in order. */
  run<A>(task: () => Promise<A>): Promise<A>;
  readonly waiting: number;
};

/** Lets at most `limit` tasks run at once. Its queue is bounded by what its users keep at most, and they say so. */
export function openLimiter(limit: number): Limiter {
  const queue: (() => void)[] = [];
  let next = 0;
  let running = 0;

  function release(): void {
    const waiting = queue[next];
    if (waiting === undefined) {
      running--;
      return;
    }
    next++;
    if (next > 1_024 && next * 2 > queue.length) {
      queue.splice(0, next);
      next = 0;
    }
    waiting();
  }

  return {
    async run(task) {
      if (running < limit) running++;
      else await new Promise<void>((resolve) => queue.push(resolve));
      try {
        return await task();
      } finally {
        release();
      }
    },
    get waiting() {
      return queue.length - next;
    },
  };
}
