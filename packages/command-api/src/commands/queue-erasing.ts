import type { Envelope } from '@parley/domain/log/envelope';
import type { ErasureJob } from '@parley/infra/erasure/job';
import { queueErasure } from '@parley/infra/erasure/queue';
import type { PublishWindow } from '@parley/infra/log/publish-window';
import { ERASURES_REMEMBERED_MS } from '@parley/infra/log/topology';

/** What has to be erased because of an event, if anything. */
export function erasureOf({ type, conversationId, data }: Envelope): ErasureJob | undefined {
  if (type === 'message.deleted') return { kind: 'message', conversationId, seq: data.seq };
  return type === 'conversation.erased' ? { kind: 'conversation', conversationId } : undefined;
}

/**
 * Puts a job into the queue once more where its event was appended so long after it, in ms, that whoever looked for the event may have
 * given it up: this process was frozen in between.
 */
export function queueAgain(window: PublishWindow, job: ErasureJob | undefined, after: number): void {
  if (job !== undefined && after > ERASURES_REMEMBERED_MS) void queueErasure(window, job);
}
