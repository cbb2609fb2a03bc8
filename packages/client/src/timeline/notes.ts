import type { LiveEvent } from '@parley/domain/wire/live';
import type { Core } from '../core.js';

/** What was changed about conversations while the client was there, for lines between their messages; pages hold messages alone. */
export type Notes = {
  /** Oldest first; the same array until there is another one. */
  of(conversationId: string): readonly LiveEvent[];
};

/** Kept of one conversation, and of how many; the oldest give way. */
const MAX_NOTES = 50;
const MAX_CONVERSATIONS = 200;

const noted: ReadonlySet<string> = new Set<LiveEvent['type']>([
  'conversation.ttlSet',
  'conversation.expirySet',
  'conversation.held',
  'conversation.released',
  'message.pinned',
  'message.unpinned',
]);

const NONE: readonly LiveEvent[] = [];

export function createNotes(core: Pick<Core, 'on'>): Notes {
  const notes = new Map<string, readonly LiveEvent[]>();
  core.on('event', (event) => {
    const { conversationId, type } = event;
    if (type === 'conversation.erased') notes.delete(conversationId);
    if (!noted.has(type)) return;
    const before = notes.get(conversationId) ?? NONE;
    notes.delete(conversationId);
    notes.set(conversationId, [...before, event].slice(-MAX_NOTES));
    const [oldest] = notes.keys();
    if (notes.size > MAX_CONVERSATIONS && oldest !== undefined) notes.delete(oldest);
  });
  return { of: (conversationId) => notes.get(conversationId) ?? NONE };
}
