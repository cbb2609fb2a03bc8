import { ongoingOf } from '@parley/domain/call/ongoing';
import { isOver } from '@parley/domain/conversation/access';
import type { Refusal } from '@parley/domain/conversation/refusals';
import { leads } from '@parley/domain/conversation/standing';
import { type Conversation, stands } from '@parley/domain/conversation/state';
import type { CallRoster } from '@parley/infra/voice/roster';
import type { ConversationStore, Known } from '../conversations/store.js';
import { settled } from './settled.js';

/**
 * Who is in the calls of these conversations; from the log, verified fresh, so that whoever lets people in can rely on it. Of a conversation that has ended by
 * `now`, in ms, or that is being imported, there is none.
 */
export function calls(
  store: ConversationStore,
  now: number,
  questions: readonly { readonly conversationId: string }[],
): Promise<readonly (CallRoster | { readonly refused: Refusal })[]> {
  const knowns = store.freshEach(questions.map(({ conversationId }) => conversationId));
  return settled(
    questions.map(async (_, index) => rosterOf((await (knowns[index] as Promise<Known>)).state, now)),
  );
}

function rosterOf(state: Conversation, now: number): CallRoster {
  const { revision } = state;
  if (!stands(state) || state.isIncoming || isOver(state.expiresAt, now)) return { revision, leads: [] };
  const { kind, call } = state;
  if (call === undefined || state.tag === 'closed') return { revision, kind, leads: [] };
  const users = new Set(Array.from(call.participants.values(), ({ user }) => user));
  return { revision, kind, call: ongoingOf(call), leads: [...users].filter((user) => leads(state, user)) };
}
