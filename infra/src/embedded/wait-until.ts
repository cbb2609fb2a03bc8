import { setTimeout as sleep } from 'node:timers/promises';

/** Trying again will not help. */
export class Hopeless extends Error {}

/** Tries until it succeeds; fails with the last reason after the time, or at once when `abandoned` rejects. */
export const waitUntil = async <A>(
  attempt: () => Promise<A>,
  options: { readonly what: string; readonly timeoutMs: number; readonly abandoned?: Promise<never> },
): Promise<A> => {
  const until = Date.now() + options.timeoutMs;
  const never = options.abandoned ?? new Promise<never>(() => undefined);
  for (;;) {
    try {
      return await Promise.race([attempt(), never]);
    } catch (error) {
      if (error instanceof Hopeless) throw error;
      const abandoned = await Promise.race([
        never.catch((reason: unknown) => ({ reason })),
        Promise.resolve(undefined),
      ]);
      if (abandoned) throw abandoned.reason;
      if (Date.now() > until) {
        throw new Error(`${options.what} within ${options.timeoutMs / 1000} s: ${String(error)}`, {
          cause: error,
        });
      }
    }
    await sleep(30);
  }
};
