import type { BanMember, UnbanMember } from './commands.js';
import { type Decision, no, unchanged, yes } from './decision.js';
import { hashOf } from './entry.js';
import { leads, leavesNoOwner, outranks } from './standing.js';
import type { Open } from './state.js';

export function ban(state: Open, command: BanMember): Decision {
  const { actor, data } = command;
  if (state.kind === 'direct') return no('NotForThisKind', 'nobody is banned from a direct conversation');
  if (!leads(state, actor)) return no('NotAllowed');
  const member = state.members.get(data.user);
  if (member !== undefined && !outranks(state, actor, member.role)) return no('NotAllowed');
  if (leavesNoOwner(state, [data.user])) return no('LastOwner');
  // A member is banned under the hash they entered with, so that the key behind the hashes can change.
  const banHash = member?.banHash ?? hashOf(command, data.user);
  return state.bans.has(banHash) ? unchanged : yes({ type: 'member.banned', data: { banHash } });
}

export function unban(state: Open, command: UnbanMember): Decision {
  if (state.kind === 'direct') return no('NotForThisKind', 'nobody is banned from a direct conversation');
  if (!leads(state, command.actor)) return no('NotAllowed');
  const banHash = hashOf(command, command.data.user);
  return state.bans.has(banHash) ? yes({ type: 'member.unbanned', data: { banHash } }) : unchanged;
}
