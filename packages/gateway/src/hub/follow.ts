import { setTimeout as sleep } from 'node:timers/promises';
import * as E from 'fp-ts/lib/Either.js';
import type { Gateway } from '../gateway.js';
import { MAX_USERS_ASKED, type Page } from '../internal-api.js';
import { resyncFrame } from '../notify.js';
import { verifyMembers } from './admission.js';
import { deliver } from './deliver.js';
import type { Hub } from './hub.js';
import {
  type HubEvent,
  type MembersNow,
  needsMembersNow,
  readPast,
  usersAdded,
  withUnreadable,
} from './hub-event.js';
import { type HubInput, starting, stepHub } from './hub-state.js';
import { releaseIfEmpty } from './interest.js';
import { REPLAY_PAGE, retryDelay, wakeWaiting } from './positions.js';

/** Carries a conversation's delivery one step further. */
export function follow(gateway: Gateway, hub: Hub, input: HubInput<HubEvent>): void {
  if (hub.released) return;
  const wasStarting = hub.state.tag === 'starting';
  const { state, deliver: events, effect } = stepHub(hub.state, input);
  hub.state = state;
  if (wasStarting && input.tag === 'head') begin(gateway, hub, input.seq);
  for (const event of events) deliver(gateway, hub, event);
  if (wasStarting && state.tag !== 'starting') wakeWaiting(gateway, hub);
  switch (effect) {
    case 'fetch':
      gateway.metrics.gaps.inc();
      void fetchMissing(gateway, hub);
      break;
    case 'retry':
      void retryLater(gateway, hub);
      break;
    case 'restart':
      restart(gateway, hub);
      break;
    case undefined:
      break;
    default:
      effect satisfies never;
  }
  if (events.length > 0) releaseIfEmpty(gateway, hub);
}

/** From here on it is known what follows. After a restart those who were live are told what they missed. */
function begin(gateway: Gateway, hub: Hub, head: number): void {
  hub.published = head;
  if (!hub.interrupted) return;
  hub.interrupted = false;
  gateway.voice.interrupted(hub.conversationId);
  gateway.app.publish(
    hub.conversationId,
    resyncFrame({ conversationId: hub.conversationId, reason: 'interrupted', seq: head }),
  );
}

/** Too much is missing to be fetched: everyone here is verified again and goes on from the newest event. */
function restart(gateway: Gateway, hub: Hub): void {
  const { conversationId, published } = hub;
  gateway.log.warn({ conversationId, published }, 'events are left out; clients read anew');
  startAnew(gateway, hub);
}

/** Whatever the state: who is a member and which event is the newest is asked again, and everyone is told. */
export function startAnew(gateway: Gateway, hub: Hub): void {
  if (hub.state.tag !== 'starting') hub.state = starting;
  hub.published = undefined;
  hub.interrupted = true;
  void verifyMembers(gateway, hub);
}

/** One retry at a time, however many questions fail. */
async function retryLater(gateway: Gateway, hub: Hub): Promise<void> {
  if (hub.retrying) return;
  hub.retrying = true;
  const failures = hub.state.tag === 'fetching' ? hub.state.failures : ++hub.failures;
  await sleep(retryDelay(failures), undefined, { ref: false });
  hub.retrying = false;
  if (hub.released) return;
  if (hub.state.tag === 'fetching') await fetchMissing(gateway, hub);
  else if (hub.state.tag === 'starting') await verifyMembers(gateway, hub);
}

async function fetchMissing(gateway: Gateway, hub: Hub): Promise<void> {
  const { state } = hub;
  if (state.tag !== 'fetching') return;
  if (hub.members.size === 0) return releaseIfEmpty(gateway, hub);
  const page = await gateway.api.replay(hub.conversationId, state.seq, REPLAY_PAGE, state.target);
  if (E.isLeft(page)) return follow(gateway, hub, { tag: 'failed' });
  if ('later' in page.right) return fetchMissing(gateway, hub);
  const events = await resolve(gateway, hub, page.right, state.seq);
  follow(gateway, hub, events === undefined ? { tag: 'failed' } : { tag: 'page', events });
}

/** Events of the past with what they did to the membership of people here; undefined where that cannot be asked. */
async function resolve(
  gateway: Gateway,
  hub: Hub,
  { events, last }: Page,
  after: number,
): Promise<readonly HubEvent[] | undefined> {
  const here = [...hub.members.keys()].map(({ user }) => user);
  if (!events.some(needsMembersNow)) return withUnreadable(readPast(events, {}, here), after, last);
  const added = events.flatMap(usersAdded).filter((user) => gateway.people.has(user));
  const now = await membersNow(gateway, hub.conversationId, [...new Set([...here, ...added])]);
  return now && withUnreadable(readPast(events, now, here), after, last);
}

async function membersNow(
  gateway: Gateway,
  conversationId: string,
  users: readonly string[],
): Promise<MembersNow | undefined> {
  const found: [string, MembersNow[string]][] = [];
  for (let from = 0; from < users.length; from += MAX_USERS_ASKED) {
    const some = users.slice(from, from + MAX_USERS_ASKED);
    const reply = await gateway.api.membership(conversationId, some);
    if (E.isLeft(reply)) return undefined;
    found.push(...Object.entries(reply.right.members));
  }
  return Object.fromEntries(found);
}
