import type { Envelope } from '@parley/domain/log/envelope';
import { decodeEnvelope } from '@parley/domain/log/envelope';
import { seqOf } from '@parley/domain/log/seq-of';
import { type Closed, closedIn } from '@parley/domain/sealing/closed';
import type { Opened } from '@parley/domain/sealing/opened';
import { type LiveEvent, liveEvent } from '@parley/domain/wire/live';
import * as E from 'fp-ts/lib/Either.js';

/** Who enters with an event, and who leaves after it: by name, whoever has the hash of a ban, or everyone. */
export type MembershipChange = {
  readonly joined: readonly { readonly user: string; readonly banHash: string }[];
  readonly left: readonly string[];
  readonly bannedHash?: string;
  readonly endsForAll?: true;
};

/** One event on its way to the sessions here; without `live` it is there but nobody here can read it. */
export type HubEvent = {
  readonly seq: number;
  readonly live: LiveEvent | undefined;
  readonly change?: MembershipChange;
};

/** An event as the log has it; without `envelope` only its place can be read. */
export type StoredEvent = { readonly seq: number; readonly envelope: Envelope | undefined };

/** Reads an event as the stream republishes it, or says why not even its place can be read. */
export function readStored(bytes: Uint8Array): E.Either<string, StoredEvent> {
  let json: unknown;
  try {
    json = JSON.parse(text.decode(bytes));
  } catch {
    return E.left('it is not JSON');
  }
  const envelope = decodeEnvelope(json);
  if (E.isRight(envelope)) return E.right({ seq: envelope.right.seq, envelope: envelope.right });
  const seq = seqOf(json);
  return seq === undefined ? envelope : E.right({ seq, envelope: undefined });
}

const text = new TextDecoder();

/** The body of a stored event, where it has one. */
export const bodyOf = ({ envelope }: StoredEvent): Closed | undefined => envelope && closedIn(envelope);

/** @param opened what became of its body. */
export function hubEvent({ seq, envelope }: StoredEvent, opened: Opened | undefined): HubEvent {
  if (envelope === undefined) return { seq, live: undefined };
  const change = changeOf(envelope);
  const event = { seq, live: liveEvent(envelope, opened) };
  return change === undefined ? event : { ...event, change };
}

function changeOf(envelope: Envelope): MembershipChange | undefined {
  switch (envelope.type) {
    case 'conversation.created':
    case 'member.added':
      return { joined: envelope.data.members, left: [] };
    case 'member.removed':
      return { joined: [], left: envelope.data.users };
    case 'member.left':
      return { joined: [], left: [envelope.actor] };
    case 'member.erased':
      return { joined: [], left: [envelope.data.user] };
    case 'conversation.erased':
      return { joined: [], left: [], endsForAll: true };
    case 'member.banned':
      return { joined: [], left: [], bannedHash: envelope.data.banHash };
    default:
      return undefined;
  }
}

/** Members as they are now, by user. */
export type MembersNow = Readonly<Record<string, { readonly since: number; readonly banHash: string }>>;

/** Whether the past can be delivered only by who knows who is a member `now`: it names no hashes. */
export const needsMembersNow = ({ type }: LiveEvent): boolean =>
  type === 'conversation.created' || type === 'member.added' || type === 'member.banned';

/**
 * Events of the past as they are to be delivered to the people `here`. Who was added enters if they still are members
 * `now`. A ban names nobody: it meant who is no member now, or became one again later, unless the next that is told of them
 * is that they left otherwise. Where that is wrong somebody loses a few events, and is told to read anew.
 */
export function readPast(
  events: readonly LiveEvent[],
  now: MembersNow,
  here: readonly string[],
): readonly HubEvent[] {
  return events.map((live, index) => {
    const later = events.slice(index + 1);
    const wasMeant = (user: string) =>
      (memberIn(now, user)?.since ?? Number.POSITIVE_INFINITY) > live.seq && !leavesNext(later, user);
    const change = pastChange(live, now, () => here.filter(wasMeant));
    return change === undefined ? { seq: live.seq, live } : { seq: live.seq, live, change };
  });
}

/** Puts one event nobody here can read where some are missing, at the last of their seqs, in a page from `after` to `last`. */
export function withUnreadable<A extends { readonly seq: number }>(
  events: readonly A[],
  after: number,
  last: number,
): readonly (A | { readonly seq: number; readonly live: undefined })[] {
  if (events.length === last - after) return events;
  const filled: (A | { readonly seq: number; readonly live: undefined })[] = [];
  let before = after;
  for (const event of events) {
    if (event.seq > before + 1) filled.push({ seq: event.seq - 1, live: undefined });
    filled.push(event);
    before = event.seq;
  }
  return before < last ? [...filled, { seq: last, live: undefined }] : filled;
}

function pastChange(
  live: LiveEvent,
  now: MembersNow,
  banned: () => readonly string[],
): MembershipChange | undefined {
  switch (live.type) {
    case 'conversation.created':
    case 'member.added': {
      const joined = usersAdded(live).flatMap((user) => {
        const member = memberIn(now, user);
        return member === undefined ? [] : [{ user, banHash: member.banHash }];
      });
      return { joined, left: [] };
    }
    case 'member.removed':
    case 'member.left':
    case 'member.erased':
      return { joined: [], left: usersLeft(live) };
    case 'conversation.erased':
      return { joined: [], left: [], endsForAll: true };
    case 'member.banned':
      return { joined: [], left: banned() };
    default:
      return undefined;
  }
}

/** Whether the next that `events` tell of a user is that they left. */
function leavesNext(events: readonly LiveEvent[], user: string): boolean {
  const next = events.find((live) => usersAdded(live).includes(user) || usersLeft(live).includes(user));
  return next !== undefined && usersLeft(next).includes(user);
}

/** Whom an event of the past made members. */
export const usersAdded = ({ type, data }: LiveEvent): readonly string[] =>
  type === 'conversation.created' || type === 'member.added'
    ? (data.members as readonly { user: string }[]).map(({ user }) => user)
    : [];

const usersLeft = ({ type, data, actor }: LiveEvent): readonly string[] => {
  if (type === 'member.removed') return data.users as readonly string[];
  if (type === 'member.erased') return [data.user as string];
  return type === 'member.left' ? [actor] : [];
};

/** Users choose their ids: one may be called `constructor`. */
const memberIn = (now: MembersNow, user: string) => (Object.hasOwn(now, user) ? now[user] : undefined);
