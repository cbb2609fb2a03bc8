import type { DueConversation } from './due-conversation.js';
import type { Ended } from './end-due.js';

/** Conversations that are remembered at most, of each kind. One that is forgotten is decided on once more than needed. */
const REMEMBERED = 100_000;

/** Milliseconds that a conversation which failed is left alone: it must not be all that the rounds are busy with. */
export const REST = 10_000;

/** Which conversations are not to be looked at again yet. */
export type Waiting = {
  /** Whether it is: somebody is at it, the rows do not have what was appended yet, or it failed a moment ago. */
  has(row: Pick<DueConversation, 'conversationId' | 'changed'>): boolean;
  begin(conversationId: string): void;
  note(conversationId: string, ended: Ended): void;
  finish(conversationId: string): void;
};

export function openWaiting(now: () => number = () => performance.now()): Waiting {
  // Stream sequences that the rows must have reached.
  const reached = new Map<string, number>();
  const busy = new Set<string>();
  const resting = new Map<string, number>();

  return {
    has({ conversationId, changed }) {
      if (busy.has(conversationId)) return true;
      if ((resting.get(conversationId) ?? 0) > now()) return true;
      resting.delete(conversationId);
      if ((reached.get(conversationId) ?? 0) > changed) return true;
      reached.delete(conversationId);
      return false;
    },
    begin: (conversationId) => void busy.add(conversationId),
    finish: (conversationId) => void busy.delete(conversationId),
    note(conversationId, ended) {
      if (ended.tag === 'ended' || ended.tag === 'settled') put(reached, conversationId, ended.streamSeq);
      if (ended.tag === 'failed') put(resting, conversationId, now() + REST);
    },
  };
}

function put(entries: Map<string, number>, key: string, value: number): void {
  entries.delete(key);
  entries.set(key, value);
  if (entries.size > REMEMBERED) entries.delete(entries.keys().next().value as string);
}
