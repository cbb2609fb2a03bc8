import type { ListPosition } from '@parley/domain/wire/cursor';
import type { ConversationEntry } from './conversation-list.js';
import type { Known } from './known.js';

type Made = { readonly from: Known; readonly typing: readonly string[]; readonly entry: ConversationEntry };

/** Makes the entries to render, newest activity first, down to an edge; one that did not change is the same object as before. */
export function createEntries(
  known: ReadonlyMap<string, Known>,
  typingAt: (conversationId: string) => readonly string[],
): (edge: ListPosition | undefined) => readonly ConversationEntry[] {
  const made = new Map<string, Made>();
  let last: readonly ConversationEntry[] = [];

  function entryOf(conversationId: string, from: Known): ConversationEntry {
    const typing = typingAt(conversationId);
    const before = made.get(conversationId);
    if (before?.from === from && before.typing === typing) return before.entry;
    const entry = { ...from.view, typing };
    made.set(conversationId, { from, typing, entry });
    return entry;
  }

  return (edge) => {
    for (const conversationId of made.keys()) if (!known.has(conversationId)) made.delete(conversationId);
    const all = [...known].map(([conversationId, from]) => entryOf(conversationId, from)).sort(newestFirst);
    const shown = edge === undefined ? all : all.filter((entry) => newestFirst(entry, edge) <= 0);
    if (shown.length !== last.length || shown.some((entry, index) => entry !== last[index])) last = shown;
    return last;
  };
}

function newestFirst(one: ListPosition, other: ListPosition): number {
  if (one.lastActivityAt !== other.lastActivityAt) return other.lastActivityAt - one.lastActivityAt;
  return one.conversationId > other.conversationId ? -1 : one.conversationId < other.conversationId ? 1 : 0;
}
