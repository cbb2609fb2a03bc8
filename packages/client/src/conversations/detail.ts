import type { Role } from '@parley/domain/conversation/vocabulary';
import type { LiveEvent } from '@parley/domain/wire/live';
import type { ConversationDetail } from '@parley/domain/wire/views';
import type { EventData } from '../event-data.js';

type Members = ConversationDetail['members'];

/**
 * A conversation after an event of it; undefined where it has to be asked for: events between are missing, or one came that does
 * not say all (a ban names nobody).
 */
export function foldDetail(
  detail: ConversationDetail,
  event: LiveEvent,
  user: string,
): ConversationDetail | undefined {
  if (event.seq <= detail.revision) return detail;
  if (event.seq > detail.revision + 1 || event.type === 'member.banned') return undefined;
  const next = { ...detail, revision: event.seq };
  const data = event.data as EventData;
  switch (event.type) {
    case 'conversation.renamed':
      return { ...next, title: data.title };
    case 'conversation.ttlSet':
      return { ...next, ttl: data.ttl };
    case 'conversation.closed':
      return { ...next, closed: true };
    case 'member.added':
      return entered(next, data.members, event.seq, user);
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

/** Members are in order of their ids; those behind the last page that was read come with theirs. */
function entered(
  detail: ConversationDetail,
  entries: EventData['members'],
  since: number,
  user: string,
): ConversationDetail {
  const last = detail.hasMoreMembers ? detail.members.at(-1)?.user : undefined;
  const fresh = entries
    .filter((entry) => last === undefined || entry.user < last)
    .map((entry) => ({ user: entry.user, role: entry.role, since }));
  const names = new Set(fresh.map((entry) => entry.user));
  const members = [...detail.members.filter((member) => !names.has(member.user)), ...fresh];
  const role = entries.find((entry) => entry.user === user)?.role ?? detail.role;
  const memberCount = detail.memberCount + entries.length;
  return { ...detail, role, memberCount, members: members.sort((a, b) => (a.user < b.user ? -1 : 1)) };
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
