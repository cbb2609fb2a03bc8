import { isOver } from '@parley/domain/conversation/access';
import { notificationFrame } from '@parley/domain/wire/json-rpc';
import type { LiveEvent } from '@parley/domain/wire/live';
import { endOf, withoutContent } from '@parley/domain/wire/past-its-life';
import type { Gateway } from './gateway.js';
import type { Hub } from './hub/hub.js';
import type { ResyncReason } from './hub/position-state.js';
import { send } from './session/send.js';
import type { Session } from './session/session.js';

/**
 * Tells a client to read a conversation anew; what it gets live from now on follows `seq`, which is left out where nothing
 * follows.
 */
export function tellResync({ metrics }: Gateway, session: Session, resync: Resync): void {
  metrics.resyncs.inc({ reason: resync.reason });
  send(metrics, session, resyncFrame(resync));
}

export type Resync = {
  readonly conversationId: string;
  readonly reason: ResyncReason;
  readonly seq?: number;
};

export const resyncFrame = (resync: Resync): string => notificationFrame('resync', resync);

/** An event as it is told now: without its content where the life of what it tells of is over by now, however late it comes. */
export function eventFrame({ now }: Pick<Gateway, 'now'>, live: LiveEvent): string {
  const end = endOf(live);
  return notificationFrame('event', end !== undefined && isOver(end, now()) ? withoutContent(live) : live);
}

/** Tells a client of a conversation its user entered by the event `seq`; that event and what follows it come next. */
export function tellAdded(
  { metrics }: Gateway,
  session: Session,
  { conversationId }: Hub,
  seq: number,
): void {
  send(metrics, session, notificationFrame('conversation.added', { conversationId, seq }));
}

/** Tells a client that its token ends in `inMs`, by the gateway's clock; the client's own may be wrong. */
export function tellExpiring({ metrics }: Gateway, session: Session, expiresAt: number, inMs: number): void {
  send(metrics, session, notificationFrame('session.expiring', { expiresAt, inMs }));
}
