import type { ConversationStore } from '../conversations/store.js';

export type Membership = {
  readonly revision: number;
  readonly members: Readonly<Record<string, { readonly since: number; readonly banHash: string }>>;
};

/** Which of `users` are members, and at which revision; from the log, verified fresh, so that delivery can rely on it. */
export async function membership(
  store: ConversationStore,
  conversationId: string,
  users: readonly string[],
): Promise<Membership> {
  const { state } = await store.fresh(conversationId);
  if (state.tag === 'absent') return { revision: 0, members: {} };
  const found = users.flatMap((user) => {
    const member = state.members.get(user);
    return member === undefined ? [] : [[user, { since: member.since, banHash: member.banHash }] as const];
  });
  return { revision: state.revision, members: Object.fromEntries(found) };
}
