import { decodeWith } from '@parley/domain/text';
import { notificationFrame } from '@parley/domain/wire/json-rpc';
import { Watermarks } from '@parley/domain/wire/receipts';
import * as E from 'fp-ts/lib/Either.js';
import type { Gateway } from './gateway.js';
import type { Hub } from './hub/hub.js';
import { send } from './session/send.js';

/** Watermarks in one frame, some 100 bytes each. */
const MAX_PER_FRAME = 500;

/** Tells of the watermarks that arrived in a tick: one frame per conversation, of each user the newest alone. */
export function fanOutReceipts(
  gateway: Gateway,
  arrived: readonly (readonly [hub: Hub, stored: Uint8Array])[],
): void {
  const newest = new Map<Hub, Map<string, Watermarks>>();
  for (const [hub, stored] of arrived) {
    if (hub.released) continue;
    const watermarks = readWatermarks(stored);
    if (E.isLeft(watermarks)) {
      gateway.log.error(
        { conversationId: hub.conversationId, reason: watermarks.left },
        'a receipt cannot be read',
      );
      continue;
    }
    const users = newest.get(hub) ?? new Map<string, Watermarks>();
    newest.set(hub, users.set(watermarks.right.user, watermarks.right));
  }
  for (const [hub, users] of newest) publish(gateway, hub, [...users.values()]);
}

/** Also to sessions that are still catching up: what a receipt says is true whatever they have read. */
function publish(gateway: Gateway, { conversationId, catchingUp }: Hub, all: readonly Watermarks[]): void {
  const { app, metrics } = gateway;
  const receivers = app.numSubscribers(conversationId);
  if (receivers + catchingUp.size === 0) return;
  for (let from = 0; from < all.length; from += MAX_PER_FRAME) {
    const watermarks = all
      .slice(from, from + MAX_PER_FRAME)
      .map(({ user, delivered, read, at }) => ({ user, delivered, read, at }));
    const frame = notificationFrame('receipts', { conversationId, watermarks });
    app.publish(conversationId, frame);
    metrics.deliveries.inc(receivers);
    for (const session of catchingUp.keys()) send(metrics, session, frame);
  }
}

function readWatermarks(stored: Uint8Array): E.Either<string, Watermarks> {
  try {
    return decodeWith(Watermarks, JSON.parse(text.decode(stored)));
  } catch {
    return E.left('it is not JSON');
  }
}

const text = new TextDecoder();
