import type { ConversationDetail } from '@parley/domain/wire/views';
import type { Progress } from './timeline.js';

/** Of another member: how far they are, and since when they are one. */
export type Reader = { readonly since: number; readonly delivered: number; readonly read: number };

/** Members up to whom a message counts as read once all have read it; in larger conversations once anyone has. */
export const MAX_ALL = 32;

/** Everyone but me, whose watermarks say how far my messages have come. */
export type Readers = { readonly all: readonly Reader[]; readonly isLarge: boolean };

export const NO_READERS: Readers = { all: [], isLarge: false };

export function readersOf(
  detail: Pick<ConversationDetail, 'members' | 'memberCount'>,
  watermarks: ReadonlyMap<string, Pick<Reader, 'delivered' | 'read'>>,
  user: string,
): Readers {
  const members = new Map(detail.members.map(({ user, since }) => [user, since]));
  const isLarge = detail.memberCount > MAX_ALL;
  const names = isLarge ? new Set([...members.keys(), ...watermarks.keys()]) : members.keys();
  const all = [...names]
    .filter((name) => name !== user)
    .map((name) => ({
      since: members.get(name) ?? 0,
      ...(watermarks.get(name) ?? { delivered: 0, read: 0 }),
    }));
  return { all, isLarge };
}

/** How far my message `seq` has come; those who joined after it do not count. */
export function progressOf(seq: number, { all, isLarge }: Readers): Progress {
  const recipients = all.filter(({ since }) => since < seq);
  if (recipients.length === 0) return 'sent';
  const reached = (mark: 'delivered' | 'read'): boolean =>
    isLarge ? recipients.some((one) => one[mark] >= seq) : recipients.every((one) => one[mark] >= seq);
  if (reached('read')) return 'read';
  return reached('delivered') ? 'delivered' : 'sent';
}
