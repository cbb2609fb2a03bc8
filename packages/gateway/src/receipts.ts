import { decodeWith } from '@parley/domain/text';
import { notificationFrame } from '@parley/domain/wire/json-rpc';
import { LoggedReceipt, MAX_TOLD_RECEIPTS } from '@parley/domain/wire/receipts';
import { parseJson } from '@parley/infra/runtime/parse-json';
import * as E from 'fp-ts/lib/Either.js';
import type { Arrived } from './arrivals.js';
import { advanceFurthest } from './furthest.js';
import type { Gateway } from './gateway.js';
import type { Hub } from './hub/hub.js';
import { send } from './session/send.js';

/** Watermarks in one frame, some 130 bytes each. */
const MAX_PER_FRAME = 500;

/** Tells of the watermarks that arrived: one frame per conversation, of each user the newest alone. */
export function fanOutReceipts(gateway: Gateway, arrived: Arrived): void {
  const newest = new Map<Hub, Map<string, LoggedReceipt>>();
  for (const [hub, stored] of arrived) {
    if (hub.released) continue;
    const receipt = decodeWith(LoggedReceipt, parseJson(stored));
    if (E.isLeft(receipt)) {
      gateway.log.error(
        { conversationId: hub.conversationId, reason: receipt.left },
        'a receipt cannot be read',
      );
      continue;
    }
    // Its time was taken away; nobody moved.
    if (receipt.right.at === 0) continue;
    const users = newest.get(hub) ?? new Map<string, LoggedReceipt>();
    newest.set(hub, users.set(receipt.right.user, receipt.right));
  }
  for (const [hub, users] of newest) {
    const [ofSmall, ofLarge] = divide([...users.values()]);
    const telling = tellingOf(hub, ofLarge);
    tellAll(gateway, hub, [...ofSmall, ...telling]);
    for (const receipt of ofLarge) if (!telling.includes(receipt)) tellOwn(gateway, hub, receipt);
  }
}

function divide(receipts: readonly LoggedReceipt[]): [ofSmall: LoggedReceipt[], ofLarge: LoggedReceipt[]] {
  const isLarge = ({ members = 0 }: LoggedReceipt): boolean => members > MAX_TOLD_RECEIPTS;
  return [receipts.filter((receipt) => !isLarge(receipt)), receipts.filter(isLarge)];
}

/**
 * In large conversations all are told who is furthest. The others' watermarks go to their own user's devices alone: to all, they
 * would cost members squared.
 */
function tellingOf(hub: Hub, ofLarge: readonly LoggedReceipt[]): readonly LoggedReceipt[] {
  if (ofLarge.length === 0) return [];
  const { furthest, telling } = advanceFurthest(hub.furthest, ofLarge);
  hub.furthest = furthest;
  return telling;
}

/** Also to sessions that are still catching up: what a receipt says is true whatever they have read. */
function tellAll(
  { app, metrics }: Gateway,
  { conversationId, catchingUp }: Hub,
  receipts: readonly LoggedReceipt[],
): void {
  const receivers = app.numSubscribers(conversationId);
  if (receivers + catchingUp.size === 0) return;
  for (let from = 0; from < receipts.length; from += MAX_PER_FRAME) {
    const frame = frameOf(conversationId, receipts.slice(from, from + MAX_PER_FRAME));
    app.publish(conversationId, frame);
    metrics.deliveries.inc(receivers);
    for (const session of catchingUp.keys()) send(metrics, session, frame);
  }
}

function tellOwn(
  { people, metrics }: Gateway,
  { conversationId, members }: Hub,
  receipt: LoggedReceipt,
): void {
  const person = people.get(receipt.user);
  if (person === undefined || !members.has(person)) return;
  const frame = frameOf(conversationId, [receipt]);
  for (const session of person.sessions) if (session.isOpen) send(metrics, session, frame);
}

const frameOf = (conversationId: string, receipts: readonly LoggedReceipt[]): string =>
  notificationFrame('receipts', {
    conversationId,
    watermarks: receipts.map(({ conversationId: _, members: __, ...watermarks }) => watermarks),
  });
