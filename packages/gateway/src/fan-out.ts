import * as E from 'fp-ts/lib/Either.js';
import type { Arrived } from './arrivals.js';
import type { Gateway } from './gateway.js';
import { follow, startAnew } from './hub/follow.js';
import type { Hub } from './hub/hub.js';
import { readStored } from './hub/hub-event.js';

/** Delivers the events that arrived in a tick: each event is read and encoded once, however many sessions follow. */
export function fanOut(gateway: Gateway, arrived: Arrived): void {
  for (const [hub, stored] of arrived) {
    try {
      fanOutEvent(gateway, hub, stored);
    } catch (error) {
      // A mistake of ours in one conversation must not end the others: this one starts anew.
      gateway.log.error(
        { err: error, conversationId: hub.conversationId },
        'an event could not be delivered',
      );
      startAnew(gateway, hub);
    }
  }
}

function fanOutEvent(gateway: Gateway, hub: Hub, stored: Uint8Array): void {
  if (hub.released) return;
  const event = readStored(stored);
  if (E.isRight(event)) return follow(gateway, hub, { tag: 'event', event: event.right });
  // Its place is not known, so the next event will be found to leave a gap, and what is there is fetched.
  gateway.log.error(
    { conversationId: hub.conversationId, reason: event.left },
    'a live event cannot be read',
  );
}
