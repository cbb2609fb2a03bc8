import { type Refusal, refuse } from './refusals.js';
import type { Conversation } from './state.js';

/**
 * Why `user` may neither read, write nor follow a conversation, or undefined. That two people talk is itself nobody's
 * business, so to others a direct conversation does not exist.
 */
export function refusedAccess(state: Conversation, user: string): Refusal | undefined {
  if (state.tag === 'absent') return refuse('ConversationNotFound');
  if (state.members.has(user)) return undefined;
  return refuse(state.kind === 'direct' ? 'ConversationNotFound' : 'NotAMember');
}
