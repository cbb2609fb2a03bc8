import { notificationFrame } from '@parley/domain/wire/json-rpc';
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
