import { SYSTEM } from '../ids.js';
import type { Open } from './state.js';
import type { Role } from './vocabulary.js';

const RANK: Readonly<Record<Role, number>> = { owner: 3, admin: 2, member: 1 };

export const roleIn = (state: Open, user: string): Role => state.members.get(user)?.role ?? 'member';

/** Whether `user` may do what admins and owners do; the system may. */
export const leads = (state: Open, user: string): boolean =>
  user === SYSTEM || RANK[roleIn(state, user)] >= RANK.admin;

/** Admins act on members, owners on everybody: also on other owners. */
export const actsOn = (mine: Role, role: Role): boolean =>
  mine === 'owner' || (mine === 'admin' && role === 'member');

export const outranks = (state: Open, actor: string, role: Role): boolean =>
  actsOn(roleIn(state, actor), role);

/** Whether people would stay behind without an owner if `users`, each a member or nobody here, went. */
export function leavesNoOwner(state: Open, users: readonly string[]): boolean {
  const going = users.filter((user) => state.members.has(user));
  const owners = going.filter((user) => roleIn(state, user) === 'owner').length;
  return owners > 0 && owners === state.owners && going.length < state.members.size;
}
