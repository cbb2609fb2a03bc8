import { setTimeout as sleep } from 'node:timers/promises';
import { type Refusal, refusals } from '@parley/domain/conversation/refusals';
import * as E from 'fp-ts/lib/Either.js';
import type { Gateway } from '../gateway.js';
import type { Replayed } from '../internal-api.js';
import { eventFrame, tellResync } from '../notify.js';
import { drive } from '../session/life.js';
import { send } from '../session/send.js';
import type { CatchUp, Session } from '../session/session.js';
import type { Hub } from './hub.js';
import { withUnreadable } from './hub-event.js';
import {
  type Backfill,
  beginPosition,
  type Position,
  type PositionInput,
  type PositionStep,
  stepPosition,
} from './position-state.js';

/** Events of one conversation asked for at once. */
export const REPLAY_PAGE = 1_000;

/** Bytes in a socket's buffer up to which more of the past is sent; far below the limit, so that live events have room. */
const FULL_AT = 256 * 1024;

/** Events of the past asked for one session at the same time, of all its conversations together, as far as that is known. */
const EVENTS_PER_SESSION = 1_000;

/** Lets an open session follow a conversation from `after` on, or from its newest event. */
export function beginFollowing(
  gateway: Gateway,
  hub: Hub,
  session: Session,
  after: number | undefined,
): void {
  carryOut(gateway, hub, session, beginPosition(after, hub.published));
}

/** Lets a session that has been waiting follow from the newest event on, and tells it to read what was before. */
export function beginAnew(gateway: Gateway, hub: Hub, session: Session): void {
  beginFollowing(gateway, hub, session, undefined);
  const { conversationId, published } = hub;
  // Where the newest event is not known yet, it is told once it is.
  if (published !== undefined)
    tellResync(gateway, session, { conversationId, reason: 'interrupted', seq: published });
}

/** The conversation's newest event is known (again): whoever waited for that goes on. */
export function wakeWaiting(gateway: Gateway, hub: Hub): void {
  const { published } = hub;
  if (published === undefined) return;
  for (const [session, position] of [...hub.catchingUp]) {
    if (position.tag === 'waiting') move(gateway, hub, session, position, { tag: 'ready', head: published });
  }
}

/** The user is no member any more: nothing of what follows reaches this session. */
export function stopFollowing(gateway: Gateway, hub: Hub, session: Session): void {
  move(gateway, hub, session, hub.catchingUp.get(session) ?? { tag: 'live' }, { tag: 'removed' });
}

/** Sends more of the past, as far as the socket takes it. Called again when its buffer has drained. */
export function pump(gateway: Gateway, session: Session): void {
  const { catchUp } = session;
  if (catchUp === undefined) return;
  while (catchUp.inFlight < EVENTS_PER_SESSION && catchUp.queue.length > 0 && hasRoom(session)) {
    const hub = catchUp.queue.shift() as Hub;
    const events = eventsMissing(hub, session);
    catchUp.inFlight += events;
    void sendPage(gateway, hub, session).finally(() => {
      catchUp.inFlight -= events;
      if (catchUp.inFlight === 0 && catchUp.queue.length === 0) session.catchUp = undefined;
      else pump(gateway, session);
    });
  }
}

/** Events a session is about to be sent in one page; at least one. */
function eventsMissing({ published = 0, catchingUp }: Hub, session: Session): number {
  const position = catchingUp.get(session);
  const after = position?.tag === 'backfill' ? position.after : published;
  return Math.max(1, Math.min(published - after, REPLAY_PAGE));
}

async function sendPage(gateway: Gateway, hub: Hub, session: Session): Promise<void> {
  const position = hub.catchingUp.get(session);
  if (position?.tag !== 'backfill') return;
  const page = await gateway.api.replay(hub.conversationId, position.after, REPLAY_PAGE, hub.published ?? 0);
  const { catchUp } = session;
  if (catchUp === undefined) return;
  catchUp.arrived.push(() => takePage(gateway, hub, session, position, page));
  // Pages come by the hundred in one reply, each after as many microtasks as the others: this one runs behind them all.
  if (catchUp.arrived.length === 1) queueMicrotask(() => takeArrived(gateway, session, catchUp));
}

/** Writes to the socket once, not once for each frame. */
function takeArrived(gateway: Gateway, session: Session, { arrived }: CatchUp): void {
  const takeAll = (): void => {
    for (const take of arrived.splice(0)) take();
  };
  try {
    if (session.socket === undefined) takeAll();
    else session.socket.cork(takeAll);
  } catch (error) {
    gateway.log.error({ err: error }, 'the past could not be delivered');
    drive(gateway, session, { tag: 'lost' });
  }
}

function takePage(
  gateway: Gateway,
  hub: Hub,
  session: Session,
  position: Backfill,
  page: E.Either<Refusal, Replayed>,
): void {
  // Removed, or gone, while the page was on its way.
  if (hub.catchingUp.get(session) !== position || !session.isOpen) return;
  if (E.isLeft(page)) {
    const forGood = !refusals[page.left.tag].retryable;
    return move(gateway, hub, session, position, { tag: 'failed', forGood });
  }
  if ('later' in page.right || !hasRoom(session)) return void session.catchUp?.queue.unshift(hub);
  const { conversationId, published: head } = hub;
  let last = position.after;
  for (const event of withUnreadable(page.right.events, last, page.right.last)) {
    if (head === undefined || event.seq > head) break;
    if ('live' in event)
      tellResync(gateway, session, { conversationId, reason: 'unreadable', seq: event.seq });
    else send(gateway.metrics, session, eventFrame(gateway, event));
    last = event.seq;
    if (!hasRoom(session)) break;
  }
  move(gateway, hub, session, position, { tag: 'page', last, head });
}

const hasRoom = ({ socket, isOpen }: Session): boolean =>
  isOpen && socket !== undefined && socket.getBufferedAmount() < FULL_AT;

function move(gateway: Gateway, hub: Hub, session: Session, position: Position, input: PositionInput): void {
  carryOut(gateway, hub, session, stepPosition(position, input));
}

function carryOut(
  gateway: Gateway,
  hub: Hub,
  session: Session,
  { position, effect, resync }: PositionStep,
): void {
  if (position.tag === 'live' || position.tag === 'ended') hub.catchingUp.delete(session);
  else hub.catchingUp.set(session, position);
  switch (effect) {
    case 'fetch':
      enqueue(gateway, hub, session);
      break;
    case 'retry':
      void retryLater(gateway, hub, session, position);
      break;
    case 'subscribe':
      session.socket?.subscribe(hub.conversationId);
      break;
    case 'unsubscribe':
      session.socket?.unsubscribe(hub.conversationId);
      break;
    case undefined:
      break;
    default:
      effect satisfies never;
  }
  if (resync === undefined) return;
  const { conversationId, published } = hub;
  const goesOn = position.tag === 'live' && published !== undefined;
  tellResync(gateway, session, { conversationId, reason: resync, ...(goesOn ? { seq: published } : {}) });
}

function enqueue(gateway: Gateway, hub: Hub, session: Session): void {
  session.catchUp ??= { queue: [], arrived: [], inFlight: 0 };
  session.catchUp.queue.push(hub);
  pump(gateway, session);
}

async function retryLater(gateway: Gateway, hub: Hub, session: Session, position: Position): Promise<void> {
  const failures = position.tag === 'backfill' ? position.failures : 1;
  await sleep(retryDelay(failures), undefined, { ref: false });
  if (hub.catchingUp.get(session) === position) enqueue(gateway, hub, session);
}

/** Milliseconds before attempt `failures` + 1: 100, 200, 400 … at most 5 s, spread by half. */
export const retryDelay = (failures: number): number =>
  Math.min(100 * 2 ** Math.min(failures - 1, 6), 5_000) * (0.75 + Math.random() / 2);
