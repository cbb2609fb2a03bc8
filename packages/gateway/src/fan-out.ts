import * as E from 'fp-ts/lib/Either.js';
import type { Arrived } from './arrivals.js';
import type { Gateway } from './gateway.js';
import { follow, startAnew } from './hub/follow.js';
import type { Hub } from './hub/hub.js';
import { type HubEvent, readStored } from './hub/hub-event.js';
import { openInOrder } from './hub/opening.js';

/** Delivers the events that arrived in a tick: each event is read, opened and encoded once, however many sessions follow. */
export function fanOut(gateway: Gateway, arrived: Arrived): void {
  for (const [hub, bytes] of arrived) {
    if (hub.released) continue;
    const stored = readStored(bytes);
    if (E.isRight(stored)) openInOrder(gateway, hub, stored.right, deliverOpened);
    // Its place is not known, so the next event will be found to leave a gap, and what is there is fetched.
    else
      gateway.log.error(
        { conversationId: hub.conversationId, reason: stored.left },
        'a live event cannot be read',
      );
  }
}

/** A mistake of ours in one conversation must not end the others: this one starts anew. */
function deliverOpened(gateway: Gateway, hub: Hub, event: HubEvent): void {
  try {
    follow(gateway, hub, { tag: 'event', event });
  } catch (error) {
    gateway.log.error({ err: error, conversationId: hub.conversationId }, 'an event could not be delivered');
    startAnew(gateway, hub);
  }
}
