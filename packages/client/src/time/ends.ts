import type { ServerTime } from './server-time.js';

/** What ends at times of the server: one timer for all of it, set to the earliest. */
export type Ends = {
  /** Calls `due` once that time has come which `at` was given last. */
  watch(due: (now: number) => void): End;
  /** Somebody looks, or the device may have slept: looks at once. */
  wake(): void;
  close(): void;
};

export type End = {
  /** From now on it is this time alone; Infinity for none. */
  at(time: number): void;
  close(): void;
};

/** Milliseconds waited at most: a timer stops while the device sleeps, and a clock may leap. */
const LONGEST_WAIT = 10_000;

/** `onLeap` is called when the device's clock has leapt ahead while something waited for its end. */
export function createEnds(time: ServerTime, onLeap: () => void): Ends {
  const watchers = new Set<{ next: number; readonly due: (now: number) => void }>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function plan(): void {
    clearTimeout(timer);
    let next = Number.POSITIVE_INFINITY;
    for (const watcher of watchers) next = Math.min(next, watcher.next);
    if (next === Number.POSITIVE_INFINITY) return;
    timer = setTimeout(look, Math.min(Math.max(0, Math.ceil(next - time.now())), LONGEST_WAIT));
  }

  function look(): void {
    const now = time.now();
    const isWaiting = [...watchers].some(({ next }) => next < Number.POSITIVE_INFINITY);
    if (isWaiting && time.hasLeapt()) onLeap();
    for (const watcher of [...watchers]) {
      if (watcher.next > now) continue;
      watcher.next = Number.POSITIVE_INFINITY;
      watcher.due(now);
    }
    plan();
  }

  const offBack = time.onBack(plan);

  return {
    watch(due) {
      const watcher = { next: Number.POSITIVE_INFINITY, due };
      watchers.add(watcher);
      return {
        at(next) {
          if (next === watcher.next) return;
          watcher.next = next;
          plan();
        },
        close() {
          watchers.delete(watcher);
          plan();
        },
      };
    },
    wake: look,
    close() {
      clearTimeout(timer);
      watchers.clear();
      offBack();
    },
  };
}
