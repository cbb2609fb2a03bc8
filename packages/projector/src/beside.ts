/** Work that goes on until its signal is aborted. */
export type Work = (signal: AbortSignal) => Promise<void>;

/** Resolves when the signal is aborted: for work that has nothing left to do, and must not end what it is beside of. */
export const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/**
 * Does chores for as long as the work beside which they are done goes on: when that ends, for whatever reason, they are told to and waited
 * for. A chore that fails ends the work with its failure: it deals itself with what may go wrong.
 */
export async function beside(signal: AbortSignal, work: Work, chores: readonly Work[]): Promise<void> {
  const stop = new AbortController();
  const until = AbortSignal.any([signal, stop.signal]);
  const all = [work, ...chores].map((each) => each(until).finally(() => stop.abort()));
  const settled = await Promise.allSettled(all);
  const failed = settled.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
