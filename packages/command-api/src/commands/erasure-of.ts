import type { Envelope } from '@parley/domain/log/envelope';
import type { ErasureJob } from '@parley/infra/erasure/job';

/** What has to be erased because of an event, if anything. */
export function erasureOf({ type, conversationId, data }: Envelope): ErasureJob | undefined {
  if (type === 'message.deleted') return { kind: 'message', conversationId, seq: data.seq };
  return type === 'conversation.erased' ? { kind: 'conversation', conversationId } : undefined;
}
