import type { BatchCallback, JetStreamManager, StoredMsg } from '@nats-io/jetstream';

/** What is read: the messages of one subject from a sequence on, or the newest of each of many subjects. */
export type BatchQuery =
  | { readonly seq: number; readonly next_by_subj: string }
  | { readonly multi_last: readonly string[] };

/** Messages and bytes asked of the broker at once: its buffer for us, and ours, are bounded by them. */
const MOST_MESSAGES = 1_000;
const MOST_BYTES = 4 * 1024 * 1024;

/** Milliseconds until a batch that is not whole counts as lost. */
const WITHIN_MS = 10_000;

/**
 * A batch of stored messages, read directly, without a consumer; fewer than there are where they are too many or too large:
 * the last says in `pending` how many are left. By callback, because the client's iterator form leaves its
 * subscription behind.
 *
 * @throws when the broker does not answer.
 */
export function readBatch(
  jsm: JetStreamManager,
  stream: string,
  query: BatchQuery,
): Promise<readonly StoredMsg[]> {
  return new Promise((resolve, reject) => {
    const batch: StoredMsg[] = [];
    const late = setTimeout(() => reject(lateError()), WITHIN_MS);
    const callback: BatchCallback<StoredMsg> = (done, message) => {
      if (done === null) return void batch.push(message);
      clearTimeout(late);
      if (done.err !== undefined && !isNothingThere(done.err)) reject(done.err);
      else resolve(batch);
    };
    const options = { batch: MOST_MESSAGES, max_bytes: MOST_BYTES, callback };
    const asked =
      'multi_last' in query
        ? jsm.direct.getLastMessagesFor(stream, { ...options, multi_last: [...query.multi_last] })
        : jsm.direct.getBatch(stream, { ...options, ...query });
    asked.catch(reject);
  });
}

/** A status, not a failure: there is no such message. */
const isNothingThere = (error: Error & { code?: unknown }): boolean => error.code === 404;

function lateError(): Error {
  const error = new Error(`the broker did not send all of a batch within ${WITHIN_MS} ms`);
  error.name = 'TimeoutError';
  return error;
}
