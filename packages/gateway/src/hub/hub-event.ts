import type { Envelope } from '@parley/domain/log/envelope';
import { decodeEnvelope } from '@parley/domain/log/envelope';
import { type LiveEvent, liveEvent } from '@parley/domain/wire/live';
import * as E from 'fp-ts/lib/Either.js';

/** Who enters with an event, and who leaves after it: by name, or whoever has the hash of a ban. */
export type MembershipChange = {
  readonly joined: readonly { readonly user: string; readonly banHash: string }[];
  readonly left: readonly string[];
  readonly bannedHash?: string;
};

/** One event on its way to the sessions here; without `live` it is there but nobody here can read it. */
export type HubEvent = {
  readonly seq: number;
  readonly live: LiveEvent | undefined;
  readonly change?: MembershipChange;
};

/** Reads an event as the stream republishes it, or says why not even its place can be read. */
export function readStored(bytes: Uint8Array): E.Either<string, HubEvent> {
  let json: unknown;
  try {
    json = JSON.parse(text.decode(bytes));
  } catch {
    return E.left('it is not JSON');
  }
  const envelope = decodeEnvelope(json);
  if (E.isRight(envelope)) return E.right(fromEnvelope(envelope.right));
  const seq = (json as { seq?: unknown } | null)?.seq;
  return Number.isSafeInteger(seq) ? E.right({ seq: seq as number, live: undefined }) : envelope;
}

const text = new TextDecoder();

function fromEnvelope(envelope: Envelope): HubEvent {
  const change = changeOf(envelope);
  const event = { seq: envelope.seq, live: liveEvent(envelope) };
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
 * An event of the past. Who was added enters if they still are members. A ban meant those of `here` who are not members
 * `now`, or became it again later: who left otherwise after the ban loses a few events by that, and is told to read anew.
 */
export function fromPast(live: LiveEvent, now: MembersNow, here: readonly string[]): HubEvent {
  const { seq, type, data, actor } = live;
  switch (type) {
    case 'conversation.created':
    case 'member.added': {
      const joined = usersAdded(live).flatMap((user) => {
        const member = memberIn(now, user);
        return member === undefined ? [] : [{ user, banHash: member.banHash }];
      });
      return { seq, live, change: { joined, left: [] } };
    }
    case 'member.removed':
      return { seq, live, change: { joined: [], left: data.users as readonly string[] } };
    case 'member.left':
      return { seq, live, change: { joined: [], left: [actor] } };
    case 'member.banned': {
      const left = here.filter((user) => (memberIn(now, user)?.since ?? Number.POSITIVE_INFINITY) > seq);
      return { seq, live, change: { joined: [], left } };
    }
    default:
      return { seq, live };
  }
}

/** Whom an event of the past made members. */
export const usersAdded = ({ type, data }: LiveEvent): readonly string[] =>
  type === 'conversation.created' || type === 'member.added'
    ? (data.members as readonly { user: string }[]).map(({ user }) => user)
    : [];

/** Users choose their ids: one may be called `constructor`. */
const memberIn = (now: MembersNow, user: string) => (Object.hasOwn(now, user) ? now[user] : undefined);
