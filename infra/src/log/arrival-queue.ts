import type { LoggedMessage } from './delivery.js';

/** Messages between the connection, which puts them as they come, and one reader, who takes them in batches. */
export type ArrivalQueue = {
  /** Messages asked for and not taken yet, at most. Whoever asks keeps to it; what arrives is always taken in. */
  readonly capacity: number;
  readonly length: number;
  put(message: LoggedMessage): void;
  /**
   * The next messages, as soon as there are some: `most` at most. Fewer than that wait up to `linger` ms where the last
   * one says that more are on their way. Empty once the queue is closed and drained.
   */
  take(most: number, linger: number): Promise<readonly LoggedMessage[]>;
  /** Nothing of what waits is taken any more. */
  close(): void;
  /** Nothing more comes; what waits is still taken. */
  end(): void;
  /** Makes the reader fail after what has arrived. */
  fail(error: Error): void;
};

export function openArrivalQueue(capacity: number): ArrivalQueue {
  let waiting: LoggedMessage[] = [];
  let wanted = 1;
  let wake: (() => void) | undefined;
  let closed = false;
  let ended = false;
  let failure: Error | undefined;

  const rouse = () => {
    wake?.();
    wake = undefined;
  };

  /** Resolves when `count` messages wait, when nothing more is coming, or after `linger` ms. */
  function until(count: number, linger?: number): Promise<void> {
    wanted = count;
    return new Promise((resolve) => {
      const timer = linger === undefined ? undefined : setTimeout(rouse, linger);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  const moreComing = () => (waiting.at(-1)?.pending ?? 0) > 0;

  return {
    capacity,
    get length() {
      return waiting.length;
    },
    put(message) {
      waiting.push(message);
      if (waiting.length >= wanted || !moreComing()) rouse();
    },
    async take(most, linger) {
      while (waiting.length === 0 && !closed && !ended && failure === undefined) await until(1);
      if (waiting.length < most && moreComing() && !closed && !ended) await until(most, linger);
      if (closed) return [];
      if (waiting.length === 0 && failure !== undefined) throw failure;
      const batch = waiting.slice(0, most);
      waiting = waiting.slice(most);
      return batch;
    },
    close() {
      closed = true;
      rouse();
    },
    end() {
      ended = true;
      rouse();
    },
    fail(error) {
      failure = error;
      rouse();
    },
  };
}
