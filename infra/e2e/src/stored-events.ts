import type { JetStreamManager } from '@nats-io/jetstream';
import { decodeEnvelope, type Envelope } from '@parley/domain/log/envelope';
import { readConversation } from '@parley/infra/log/conversation-reader';
import { placeOf } from '@parley/infra/log/subjects';
import { SYSTEM_PARTITIONS } from '@parley/infra/testing/system-processes';
import { isLeft } from 'fp-ts/lib/Either.js';

/** The events of a conversation as the log has them, bodies sealed. */
export async function storedEvents(
  jsm: JetStreamManager,
  conversationId: string,
  partitions = SYSTEM_PARTITIONS,
): Promise<readonly Envelope[]> {
  const events: Envelope[] = [];
  for await (const { json } of readConversation(jsm, placeOf(conversationId, partitions))) {
    const event = decodeEnvelope(json);
    if (isLeft(event)) throw new Error(`${conversationId}: ${event.left}`);
    events.push(event.right);
  }
  return events;
}
