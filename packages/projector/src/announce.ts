import type { NatsConnection } from '@nats-io/transport-node';
import { userSubject } from '@parley/infra/log/subjects';
import type { Commit } from './project-batch.js';

/**
 * Tells the gateways of people who entered a conversation. The command-api has said it before, from memory; this comes
 * from the log, so a process that dies between append and notice costs a moment, not a conversation.
 */
export function announceAdded(nats: NatsConnection, commits: readonly Commit[]): void {
  for (const { prepared } of commits) {
    for (const event of prepared.events) {
      if (event.type !== 'conversation.created' && event.type !== 'member.added') continue;
      const { conversationId, seq, importedTo = seq } = event;
      // Whoever imports a conversation tells of it when all of it is there.
      if (seq < importedTo) continue;
      const notice = JSON.stringify({ type: 'conversation.added', conversationId, seq });
      for (const { user } of event.data.members)
        if (!nats.isClosed()) nats.publish(userSubject(user), notice);
    }
  }
}
