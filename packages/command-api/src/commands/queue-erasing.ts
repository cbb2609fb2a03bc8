import type { Refusal } from '@parley/domain/conversation/refusals';
import type { Envelope } from '@parley/domain/log/envelope';
import type { ErasureJob } from '@parley/infra/erasure/job';
import { queueErasure } from '@parley/infra/erasure/queue';
import type { PublishWindow } from '@parley/infra/log/publish-window';
import { ERASURES_REMEMBERED_MS } from '@parley/infra/log/topology';
import * as E from 'fp-ts/lib/Either.js';

/**
 * Puts what an event makes necessary into the queue of erasures, before the event is appended: refused where there is no room.
 *
 * @returns the event.
 */
export async function queueErasing(
  window: PublishWindow,
  event: Envelope,
): Promise<E.Either<Refusal, Envelope>> {
  const job = jobOf(event);
  if (job === undefined) return E.right(event);
  return E.map(() => event)(await queueErasure(window, job));
}

/**
 * Once more, where the append came so long after it, in ms, that whoever looked for the event may have given it up: this process was
 * frozen in between.
 */
export async function queueAgain(window: PublishWindow, event: Envelope, after: number): Promise<void> {
  const job = after > ERASURES_REMEMBERED_MS ? jobOf(event) : undefined;
  if (job !== undefined) await queueErasure(window, job);
}

function jobOf({ type, conversationId, data }: Envelope): ErasureJob | undefined {
  if (type === 'message.deleted') return { kind: 'message', conversationId, seq: data.seq };
  return type === 'conversation.erased' ? { kind: 'conversation', conversationId } : undefined;
}
