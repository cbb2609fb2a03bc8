/** What was begun in a conversation, kept for the next visit. The keys begin with the person's, who takes them along when signing out. */
export const draftOf = (user: string, conversationId: string): string =>
  localStorage.getItem(keyOf(user, conversationId)) ?? '';

export function keepDraft(user: string, conversationId: string, text: string): void {
  try {
    if (text === '') localStorage.removeItem(keyOf(user, conversationId));
    else localStorage.setItem(keyOf(user, conversationId), text);
  } catch {
    // A full storage costs the draft, not the message.
  }
}

const keyOf = (user: string, conversationId: string): string => `parley.${user}.draft.${conversationId}`;
