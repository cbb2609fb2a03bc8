import { SYSTEM } from '../ids.js';
import { closeTitle } from './body.js';
import type { CloseConversation, RenameConversation, SetExpiry, SetTtl } from './commands.js';
import { type Decision, no, unchanged, yes } from './decision.js';
import { leads } from './standing.js';
import type { Open } from './state.js';
import { type Ending, LEAST_AHEAD } from './vocabulary.js';

export function rename(state: Open, { actor, data }: RenameConversation): Decision {
  if (state.kind === 'direct') return no('NotForThisKind', 'a direct conversation has no title');
  if (!leads(state, actor)) return no('NotAllowed');
  const title = closeTitle(data.title);
  return state.title === title ? unchanged : yes({ type: 'conversation.renamed', data: { title } });
}

export function setTtl(state: Open, { actor, data }: SetTtl): Decision {
  if (state.kind !== 'direct' && !leads(state, actor)) return no('NotAllowed');
  return state.ttl === data.ttl ? unchanged : yes({ type: 'conversation.ttlSet', data: { ttl: data.ttl } });
}

/** As erasing is: by owners alone, and not of a direct conversation. */
export function setExpiry(state: Open, { actor, at, data: { expiresAt } }: SetExpiry): Decision {
  if (state.kind === 'direct') return noEndForDirect;
  if (state.members.get(actor)?.role !== 'owner') return no('NotAllowed');
  if (state.expiresAt === expiresAt) return unchanged;
  return endsTooSoon(expiresAt, at) ?? yes({ type: 'conversation.expirySet', data: { expiresAt } });
}

/** Two people have one direct conversation for ever: an id that was erased is not given again. */
export const noEndForDirect = no(
  'NotForThisKind',
  'a direct conversation does not end; set a life for its messages',
);

/** Refuses an end that is not far enough ahead of `at`; both in ms. */
export const endsTooSoon = (expiresAt: Ending | undefined, at: number): Decision | undefined =>
  expiresAt !== undefined && expiresAt !== null && expiresAt < at + LEAST_AHEAD
    ? no('LifeNotAllowed', `expiresAt must be ${LEAST_AHEAD / 1_000} s ahead at least`)
    : undefined;

/** By an owner, and by the system when the time of the conversation is over, of whatever kind it is. */
export function close(state: Open, { actor }: CloseConversation): Decision {
  if (actor === SYSTEM) return yes({ type: 'conversation.closed', data: {} });
  if (state.kind === 'direct') return no('NotForThisKind', 'a direct conversation cannot be closed');
  if (state.members.get(actor)?.role !== 'owner') return no('NotAllowed');
  return yes({ type: 'conversation.closed', data: {} });
}
