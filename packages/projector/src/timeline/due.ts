import type { ConversationChanges } from './changes.js';

/**
 * The earliest end, in ms, of the messages that a step sent and that have not expired in it; null without one. In a conversation that is being
 * imported nothing is due before all of it is there: a tombstone of ours would stand where one of its own events belongs.
 */
export function firstDue({ sent, imported }: ConversationChanges): number | null {
  if (imported === 'incoming') return null;
  let first: number | null = null;
  for (const { expiresAt, expired } of sent.values()) {
    if (expiresAt !== null && !expired && (first === null || expiresAt < first)) first = expiresAt;
  }
  return first;
}

/**
 * Whether what is due next has to be looked for among the rows: what was may have expired, or ends at another time, or is made again. Where messages
 * are only added it is the least of what it was and theirs: then it seldom changes, and an update that changes no indexed column is cheap.
 */
export const isDueAnew = ({ expired, erased, expiresAt, imported }: ConversationChanges): boolean =>
  imported !== 'incoming' &&
  (expired.length + erased.length > 0 || expiresAt !== undefined || imported === 'whole');
