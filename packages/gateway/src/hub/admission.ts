import { refuse } from '@parley/domain/conversation/refusals';
import * as E from 'fp-ts/lib/Either.js';
import type { Gateway } from '../gateway.js';
import { MAX_USERS_ASKED, type Membership } from '../internal-api.js';
import type { Person } from '../people.js';
import { dismiss, join } from './deliver.js';
import { follow } from './follow.js';
import type { Admission, Candidate, Hub, Member } from './hub.js';
import { declareInterest, releaseIfEmpty } from './interest.js';

/** Times a reply may be older than what was delivered here already, before asking counts as failed. */
const MAX_STALE = 3;

/**
 * Lets a person follow a conversation if the log says that they are a member. Interest comes first, then the question, so
 * that nothing that happens between the two is missed.
 */
export function admit(gateway: Gateway, person: Person, conversationId: string): Promise<Admission> {
  const hub = gateway.hubs.get(conversationId) ?? declareInterest(gateway, conversationId);
  if (hub.members.has(person)) return Promise.resolve('member');
  const known = hub.candidates.get(person);
  if (known !== undefined) return known.admission;
  const candidate = newCandidate();
  hub.candidates.set(person, candidate);
  void verifyMembers(gateway, hub);
  return candidate.admission;
}

/**
 * Asks the log about everyone whose membership is open, and, where the newest event is not known, about everyone else too. One
 * question at a time per conversation: who comes meanwhile is asked about together.
 */
export async function verifyMembers(gateway: Gateway, hub: Hub): Promise<void> {
  if (hub.asking) return;
  hub.asking = true;
  try {
    while (!hub.released && (hub.candidates.size > 0 || hub.state.tag === 'starting')) {
      if (!(await ask(gateway, hub))) break;
    }
  } finally {
    hub.asking = false;
    releaseIfEmpty(gateway, hub);
  }
}

/** Nobody follows yet: delivery begins at the answer, if what came here is behind it, instead of catching up with it. */
function startAt(hub: Hub, revision: number): void {
  const { state, published } = hub;
  if (state.tag === 'starting' || published === undefined || published >= revision) return;
  hub.state = { tag: 'starting', ahead: state.tag === 'fetching' ? state.ahead : [] };
  hub.published = undefined;
}

/** One question. False when it was not answered. */
async function ask(gateway: Gateway, hub: Hub): Promise<boolean> {
  const candidates = [...hub.candidates.keys()].slice(0, MAX_USERS_ASKED);
  const members = hub.state.tag === 'starting' ? [...hub.members.keys()] : [];
  const [first, ...rest] = chunks([...candidates, ...members], MAX_USERS_ASKED);
  if (first === undefined) return false;
  const reply = await freshMembership(gateway, hub, first);
  if (reply === undefined) return failed(gateway, hub);
  hub.activeAt = Math.max(hub.activeAt, reply.activeAt);
  hub.endsAt = reply.endsAt;
  if (hub.members.size === 0) startAt(hub, reply.revision);
  settle(gateway, hub, first, reply);
  for (const some of rest) {
    const more = await freshMembership(gateway, hub, some);
    if (more === undefined) return failed(gateway, hub);
    settle(gateway, hub, some, more);
  }
  hub.failures = 0;
  if (hub.members.size === 0) return true;
  if (hub.state.tag === 'starting') follow(gateway, hub, { tag: 'head', seq: reply.revision });
  else noteHead(gateway, hub, reply.revision);
  return true;
}

async function freshMembership(
  gateway: Gateway,
  hub: Hub,
  people: readonly Person[],
): Promise<Membership | undefined> {
  for (let attempt = 0; attempt < MAX_STALE; attempt++) {
    const delivered = hub.published ?? 0;
    hub.flushed ||= await gateway.interestReached();
    const reply = hub.flushed
      ? await gateway.api.membership(
          hub.conversationId,
          people.map(({ user }) => user),
        )
      : E.left(refuse('Unavailable', 'the broker is not connected'));
    if (E.isLeft(reply)) {
      gateway.log.debug(
        { conversationId: hub.conversationId, refusal: reply.left },
        'membership was not answered',
      );
      return undefined;
    }
    if (reply.right.revision >= delivered) return reply.right;
  }
  return undefined;
}

/** Those asked about enter, or do not; a member who is none any more leaves. */
function settle(
  gateway: Gateway,
  hub: Hub,
  asked: readonly Person[],
  { revision, members }: Membership,
): void {
  for (const person of asked) {
    const answered = Object.hasOwn(members, person.user) ? members[person.user] : undefined;
    const candidate = hub.candidates.get(person);
    if (candidate !== undefined) {
      hub.candidates.delete(person);
      const stayed = answered !== undefined && !leftSince(person, answered, revision, candidate);
      candidate.settle(letIn(gateway, hub, person, stayed ? answered : undefined));
    } else if (answered === undefined) dismiss(gateway, hub, person);
  }
}

function letIn(gateway: Gateway, hub: Hub, person: Person, member: Member | undefined): Admission {
  // An event that came after the answer was faster.
  if (hub.members.has(person)) return 'member';
  // Without any session by now nobody would ever take them out again.
  const isGone = gateway.people.get(person.user) !== person;
  if (member === undefined || isGone) return 'stranger';
  // Entered by an event that is still on its way here: that event lets them in.
  if (hub.published !== undefined && member.since > hub.published) return 'expected';
  join(gateway, hub, person, member);
  return 'member';
}

/** Whether an event that came here after the answer was made took the membership away. */
function leftSince({ user }: Person, { banHash }: Member, revision: number, { changes }: Candidate): boolean {
  return changes.some(
    ({ seq, change }) =>
      seq > revision && (change.endsForAll || change.left.includes(user) || change.bannedHash === banHash),
  );
}

/** Without an answer nobody enters; those who are members wait for delivery to go on, which is tried again. */
function failed(gateway: Gateway, hub: Hub): boolean {
  for (const [person, candidate] of [...hub.candidates]) {
    hub.candidates.delete(person);
    candidate.settle(hub.members.has(person) ? 'member' : 'unavailable');
  }
  if (hub.members.size > 0) follow(gateway, hub, { tag: 'failed' });
  return false;
}

/** Milliseconds an event that is known to be there may take to come by itself. */
const GRACE_MS = 500;

/** The newest event is `seq`: if it does not come by itself, it is fetched. */
export function noteHead(gateway: Gateway, hub: Hub, seq: number): void {
  if (hub.published === undefined || seq <= hub.published) return;
  setTimeout(() => follow(gateway, hub, { tag: 'head', seq }), GRACE_MS).unref();
}

function newCandidate(): Candidate {
  const { promise, resolve } = Promise.withResolvers<Admission>();
  return { changes: [], admission: promise, settle: resolve };
}

function chunks<A>(items: readonly A[], size: number): readonly (readonly A[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
