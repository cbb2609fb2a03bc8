import type { JetStreamManager } from '@nats-io/jetstream';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import * as E from 'fp-ts/lib/Either.js';
import type { PublishWindow } from '../log/publish-window.js';
import { ERASURES, erasureSubject } from '../log/subjects.js';
import { type ErasureJob, jobId } from './job.js';

/**
 * Puts a job into the queue `ERASURES`, before the event that it follows from is appended. One that is put there again within
 * two minutes is stored once. Never rejects.
 *
 * @returns `TooManyRequests` where the queue is full, `Unavailable` where the broker does not say that it has the job: nothing may be
 *   erased then.
 */
export async function queueErasure(
  window: PublishWindow,
  job: ErasureJob,
): Promise<E.Either<Refusal, undefined>> {
  const id = jobId(job);
  const outcome = await window.publish(
    erasureSubject(id),
    JSON.stringify(job),
    `NATS/1.0\r\nNats-Msg-Id: ${id}\r\n\r\n`,
  );
  switch (outcome.tag) {
    case 'stored':
      return E.right(undefined);
    case 'refused':
      return FULL.has(outcome.code)
        ? E.left(refuse('TooManyRequests', 'too many erasures wait; nothing was erased'))
        : E.left(refuse('Unavailable', `the queue of erasures: ${outcome.description}`));
    case 'unknown':
      return E.left(refuse('Unavailable', `the queue of erasures: ${outcome.reason}`));
    default:
      return outcome satisfies never;
  }
}

/**
 * Whether a job waits in the queue, or is being done.
 *
 * @throws when the broker does not answer.
 */
export async function isErasureQueued(jsm: JetStreamManager, job: ErasureJob): Promise<boolean> {
  const last_by_subj = erasureSubject(jobId(job));
  return (await jsm.direct.getMessage(ERASURES, { last_by_subj })) !== null;
}

/** The stream has as many messages as it may have (10077), or its disk is full (10047, 10023). */
const FULL = new Set([10077, 10047, 10023]);
