import { isOver } from '@parley/domain/conversation/access';
import { newestDeed } from '@parley/domain/conversation/recent';
import type { Refusal } from '@parley/domain/conversation/refusals';
import { stands } from '@parley/domain/conversation/state';
import type { ConversationStore, Known } from '../conversations/store.js';
import { settled } from './settled.js';

export type MembershipQuestion = { readonly conversationId: string; readonly users: readonly string[] };

export type Membership =
  | {
      readonly revision: number;
      /** When the newest event happened, in ms since 1970 UTC; 0 before the first. */
      readonly activeAt: number;
      /** When the conversation ends, in ms, if it does. */
      readonly endsAt?: number;
      readonly members: Readonly<Record<string, { readonly since: number; readonly banHash: string }>>;
    }
  | { readonly refused: Refusal };

/**
 * Which users are members, and at which revision; from the log, verified fresh, so that delivery can rely on it. Nobody is one of
 * a conversation that has ended by `now`, in ms, or that is being imported.
 */
export function membership(
  store: ConversationStore,
  now: number,
  questions: readonly MembershipQuestion[],
): Promise<readonly Membership[]> {
  const knowns = store.freshEach(questions.map(({ conversationId }) => conversationId));
  return settled<Membership>(
    questions.map(async ({ users }, index) => membersOf(await (knowns[index] as Promise<Known>), now, users)),
  );
}

function membersOf({ state }: Known, now: number, users: readonly string[]): Membership {
  const activeAt = newestDeed(state.recent)?.at ?? 0;
  if (!stands(state) || state.isIncoming || isOver(state.expiresAt, now))
    return { revision: state.revision, activeAt, members: {} };
  const found = users.flatMap((user) => {
    const member = state.members.get(user);
    return member === undefined ? [] : [[user, { since: member.since, banHash: member.banHash }] as const];
  });
  return {
    revision: state.revision,
    activeAt,
    ...(state.expiresAt === null ? {} : { endsAt: state.expiresAt }),
    members: Object.fromEntries(found),
  };
}
