import { isTypingSubject, liveReceiptsSubject, liveSubject } from '@parley/infra/log/subjects';
import type { Gateway } from '../gateway.js';
import { Hub } from './hub.js';

/** Starts to follow a conversation: from now on its live events, receipts and who types come here. */
export function declareInterest(gateway: Gateway, conversationId: string): Hub {
  const hub = new Hub(conversationId);
  const { nats, partitions, hubs, arrivals } = gateway;
  hub.subscriptions = [
    nats.subscribe(liveSubject(conversationId, partitions), {
      callback: (error, message) => {
        if (!error) arrivals.event(hub, message.data);
      },
    }),
    nats.subscribe(liveReceiptsSubject(conversationId, partitions), {
      callback: (error, message) => {
        if (error) return;
        if (isTypingSubject(message.subject)) gateway.typing.arrived(hub, message.data);
        else arrivals.receipt(hub, message.data);
      },
    }),
  ];
  hubs.set(conversationId, hub);
  return hub;
}

/** Ends the interest in a conversation that nobody here is a member of. */
export function releaseIfEmpty({ hubs }: Gateway, hub: Hub): void {
  if (hub.released || hub.members.size > 0 || hub.candidates.size > 0) return;
  hub.released = true;
  hubs.delete(hub.conversationId);
  for (const subscription of hub.subscriptions) subscription.unsubscribe();
}
