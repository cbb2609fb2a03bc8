import type { AddMembers, LeaveConversation, RemoveMembers, SetRole } from './commands.js';
import { type Decision, no, unchanged, yes } from './decision.js';
import { entry } from './entry.js';
import { leads, leavesNoOwner, outranks, roleIn } from './standing.js';
import type { Open } from './state.js';
import { MAX_MEMBERS } from './vocabulary.js';

export function add(state: Open, command: AddMembers): Decision {
  const { actor, data } = command;
  if (state.kind === 'direct') return no('NotForThisKind', 'a direct conversation is of two people');
  const role = data.role ?? 'member';
  if (!outranks(state, actor, role)) return no('NotAllowed');
  const entries = [...new Set(data.users)]
    .filter((user) => !state.members.has(user))
    .map((user) => entry(command, user, role));
  const banned = entries.find(({ banHash }) => state.bans.has(banHash));
  if (banned !== undefined) return no('UserBanned', banned.user);
  const most = MAX_MEMBERS[state.kind];
  if (state.members.size + entries.length > most) return no('TooManyMembers', `at most ${most}`);
  return entries.length === 0 ? unchanged : yes({ type: 'member.added', data: { members: entries } });
}

export function remove(state: Open, { actor, data }: RemoveMembers): Decision {
  if (state.kind === 'direct') return no('NotForThisKind', 'nobody is removed from a direct conversation');
  const users = [...new Set(data.users)].filter((user) => state.members.has(user));
  if (!leads(state, actor) || !users.every((user) => outranks(state, actor, roleIn(state, user)))) {
    return no('NotAllowed');
  }
  if (leavesNoOwner(state, users)) return no('LastOwner');
  return users.length === 0 ? unchanged : yes({ type: 'member.removed', data: { users } });
}

export function leave(state: Open, { actor }: LeaveConversation): Decision {
  if (state.kind === 'direct') return no('NotForThisKind', 'nobody leaves a direct conversation');
  if (!state.members.has(actor)) return no('NotAMember');
  if (leavesNoOwner(state, [actor])) return no('LastOwner');
  return yes({ type: 'member.left', data: {} });
}

export function setRole(state: Open, { actor, data }: SetRole): Decision {
  if (state.kind === 'direct') return no('NotForThisKind', 'a direct conversation has no roles');
  if (state.members.get(actor)?.role !== 'owner') return no('NotAllowed');
  const member = state.members.get(data.user);
  if (member === undefined) return no('NotAMember', `${data.user} is not a member`);
  if (member.role === data.role) return unchanged;
  if (member.role === 'owner' && state.owners === 1) return no('LastOwner');
  return yes({ type: 'member.roleSet', data: { user: data.user, role: data.role } });
}
