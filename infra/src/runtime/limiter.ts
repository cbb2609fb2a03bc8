import { openFifo } from './fifo.js';

export type Limiter = {
  /** Runs `task` when fewer than the limit run; the others wait in order. */
  run<A>(task: () => Promise<A>): Promise<A>;
  readonly waiting: number;
};

/** Lets at most `limit` tasks run at once. Its queue is bounded by what its users keep at most, and they say so. */
export function openLimiter(limit: number): Limiter {
  const queue = openFifo<() => void>();
  let running = 0;

  function release(): void {
    const waiting = queue.shift();
    if (waiting === undefined) running--;
    else waiting();
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
      return queue.length;
    },
  };
}
