import type { NatsConnection } from '@nats-io/transport-node';
import { SYSTEM } from '@parley/domain/ids';
import type { Envelope } from '@parley/domain/log/envelope';
import { userSubject } from '@parley/infra/log/subjects';

/**
 * Tells the gateways of people who entered a conversation. A fast path only: the projector says it again from the log, so a
 * process that dies between append and notice costs a second, not a conversation.
 */
export function notifyAdded(nats: NatsConnection, event: Envelope): void {
  if (event.type !== 'conversation.created' && event.type !== 'member.added') return;
  const notice = JSON.stringify({
    type: 'conversation.added',
    conversationId: event.conversationId,
    seq: event.seq,
  });
  for (const { user } of event.data.members) {
    if (user !== SYSTEM && !nats.isClosed()) nats.publish(userSubject(user), notice);
  }
}
