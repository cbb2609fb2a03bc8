import type { LoggedMessage } from '@parley/infra/log/delivery';
import type { Prepared } from './projection.js';

export type PreparedBatch = { readonly messages: readonly LoggedMessage[]; readonly prepared: Prepared };

/**
 * Batches with what is made of them. After a full batch, which says that more is there, the next one is
 * prepared while the caller writes: decoding takes a third of the time that writing does. After a smaller one it is not
 * even taken, so that what arrives meanwhile goes into one batch.
 */
export async function* prepareAhead(
  batches: AsyncGenerator<readonly LoggedMessage[]>,
  prepare: (messages: readonly LoggedMessage[]) => Promise<Prepared>,
  full: number,
): AsyncGenerator<PreparedBatch, void, undefined> {
  async function next(): Promise<PreparedBatch | undefined> {
    const { done, value } = await batches.next();
    return done ? undefined : { messages: value, prepared: await prepare(value) };
  }

  let ahead: Promise<PreparedBatch | undefined> | undefined;
  try {
    for (;;) {
      const current = await (ahead ?? next());
      if (current === undefined) return;
      ahead = current.messages.length >= full ? next() : undefined;
      // A failure is met when the batch is wanted.
      ahead?.catch(() => undefined);
      yield current;
    }
  } finally {
    await batches.return(undefined);
  }
}
