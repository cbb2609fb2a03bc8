import { type Refusal, refuse } from './refusals.js';
import { type Conversation, stands } from './state.js';

/**
 * Why `user` may neither read, write nor follow a conversation at the time `at`, in ms, or undefined. That two people talk is
 * itself nobody's business, so to others a direct conversation does not exist; one that was erased, or should be by now, exists
 * for nobody.
 */
export function refusedAccess(state: Conversation, user: string, at: number): Refusal | undefined {
  if (state.isIncoming) return refuse('Unavailable', INCOMING);
  if (!stands(state) || isOver(state.expiresAt, at)) return refuse('ConversationNotFound');
  if (state.members.has(user)) return undefined;
  return refuse(state.kind === 'direct' ? 'ConversationNotFound' : 'NotAMember');
}

/** Why nothing is done in a conversation that is being imported, by anybody. */
export const INCOMING = 'the conversation is being imported';

/** Whether what ends at `expiresAt` has ended by `at`; both in ms. */
export const isOver = (expiresAt: number | null | undefined, at: number): boolean =>
  expiresAt !== null && expiresAt !== undefined && expiresAt <= at;
