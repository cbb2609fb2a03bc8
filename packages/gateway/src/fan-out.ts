import * as E from 'fp-ts/lib/Either.js';
import type { Arrived } from './arrivals.js';
import type { Gateway } from './gateway.js';
import { follow, startAnew } from './hub/follow.js';
import type { Hub } from './hub/hub.js';
import { readStored } from './hub/hub-event.js';
import { fanOutReceipts } from './receipts.js';

/** Delivers what arrived in a tick: each event is read and encoded once, however many sessions follow. */
export function fanOut(gateway: Gateway, { events, receipts }: Arrived): void {
  for (const [hub, stored] of events) {
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
  if (receipts.length > 0) fanOutReceipts(gateway, receipts);
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
