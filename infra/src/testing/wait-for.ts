import { setTimeout as sleep } from 'node:timers/promises';

export type WaitOptions = {
  /** Milliseconds; 20 s unless said, because machines are busy. */
  readonly timeout?: number;
  /** What is waited for, as the end of "waited … for". */
  readonly what: string;
};

/**
 * Waits until a condition gives something truthy, and answers that. A condition that throws is tried again; the last
 * error is told when time is up.
 */
export const waitFor = async <A>(
  condition: () => A | Promise<A>,
  { timeout = 20_000, what }: WaitOptions,
): Promise<Exclude<A, false | null | undefined | 0 | ''>> => {
  const until = Date.now() + timeout;
  let lastError: unknown;
  for (let pause = 5; ; pause = Math.min(pause * 1.5, 200)) {
    try {
      const value = await condition();
      if (value) return value as Exclude<A, false | null | undefined | 0 | ''>;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (Date.now() > until) throw new Error(`waited ${timeout} ms for ${what}`, { cause: lastError });
    await sleep(pause);
  }
};
