import { covers } from '@parley/domain/conversation/covers';
import type { Role } from '@parley/domain/conversation/vocabulary';
import { isHole, type LiveEvent } from '@parley/domain/wire/live';
import type { ConversationDetail } from '@parley/domain/wire/views';
import type { EventData } from '../event-data.js';
import { passage } from '../live-notices.js';

type Members = ConversationDetail['members'];

/**
 * A conversation after an event of it; undefined where it has to be asked for: events between are missing, or one came that does
 * not say all.
 */
export function foldDetail(
  detail: ConversationDetail,
  event: LiveEvent,
  user: string,
): ConversationDetail | undefined {
  if (event.seq <= detail.revision) return detail;
  if (event.seq > detail.revision + 1 || saysTooLittle.has(event.type) || isHole(event)) return undefined;
  const next = { ...detail, revision: event.seq };
  const data = event.data as EventData;
  const { pins = [] } = detail;
  switch (event.type) {
    case 'conversation.renamed':
      return data.title === undefined ? next : { ...next, title: data.title };
    case 'conversation.ttlSet':
      return { ...next, ttl: data.ttl };
    case 'conversation.closed':
      return { ...next, closed: true };
    case 'conversation.expirySet':
    case 'conversation.held':
    case 'conversation.released':
      return withEnd(next, event);
    case 'message.pinned':
      return { ...next, pins: [...pins, data.seq] };
    case 'message.unpinned':
    case 'message.deleted':
      return withoutPins(next, (seq) => seq === data.seq);
    case 'message.expired':
      return withoutPins(next, (seq) => covers(data.ranges, seq));
    case 'member.added':
      // What of the others moved while I was out was not told me.
      if (passage(event, user) === 'enters') return undefined;
      return entered(next, data.members, event.seq);
    case 'member.removed':
      return left(next, data.users);
    case 'member.left':
      return left(next, [event.actor]);
    case 'member.roleSet':
      return withRole(next, data.user, data.role, user);
    default:
      return next;
  }
}

/** A ban names nobody; of who is erased it is not said whether they were still there; and whoever sent what is no more has read up to there. */
const saysTooLittle: ReadonlySet<string> = new Set<LiveEvent['type']>(['member.banned', 'member.erased']);

/** A conversation of the list or in detail after its end was set, or a hold laid on it or lifted. */
export function withEnd<V extends Pick<ConversationDetail, 'expiresAt' | 'hold'>>(
  view: V,
  event: LiveEvent,
): V {
  const { expiresAt, reason } = event.data as EventData;
  const { expiresAt: end, hold, ...rest } = view;
  const kept = (end?: number | null, held?: V['hold']): V =>
    ({
      ...rest,
      ...(end == null ? {} : { expiresAt: end }),
      ...(held === undefined ? {} : { hold: held }),
    }) as V;
  if (event.type === 'conversation.expirySet') return kept(expiresAt, hold);
  return kept(
    end,
    event.type === 'conversation.held' ? { reason, since: event.at, by: event.actor } : undefined,
  );
}

const withoutPins = (detail: ConversationDetail, isGone: (seq: number) => boolean): ConversationDetail =>
  detail.pins === undefined ? detail : { ...detail, pins: detail.pins.filter((seq) => !isGone(seq)) };

/** Members are in order of their ids; those behind the last page that was read come with theirs. */
function entered(
  detail: ConversationDetail,
  entries: EventData['members'],
  since: number,
): ConversationDetail {
  const last = detail.hasMoreMembers ? detail.members.at(-1)?.user : undefined;
  const fresh = entries
    .filter((entry) => last === undefined || entry.user < last)
    .map((entry) => ({ user: entry.user, role: entry.role, since }));
  const names = new Set(fresh.map((entry) => entry.user));
  const members = [...detail.members.filter((member) => !names.has(member.user)), ...fresh];
  const memberCount = detail.memberCount + entries.length;
  return { ...detail, memberCount, members: members.sort((a, b) => (a.user < b.user ? -1 : 1)) };
}

function left(detail: ConversationDetail, users: readonly string[]): ConversationDetail {
  const members: Members = detail.members.filter(({ user }) => !users.includes(user));
  return { ...detail, members, memberCount: detail.memberCount - users.length };
}

const withRole = (detail: ConversationDetail, of: string, role: Role, user: string): ConversationDetail => ({
  ...detail,
  role: of === user ? role : detail.role,
  members: detail.members.map((member) => (member.user === of ? { ...member, role } : member)),
});
