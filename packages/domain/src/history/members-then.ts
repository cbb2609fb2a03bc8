import type { Role } from '../conversation/vocabulary.js';
import type { History } from './history.js';
import { readersThen } from './readers-then.js';
import type { WatermarksThen } from './watermarks-then.js';

/** A member at a moment. Where `exact` is false, receipts of that time are forgotten, and `unread` is how much it was at least. */
export type MemberThen = {
  readonly user: string;
  readonly role: Role;
  readonly since: number;
  readonly delivered: number;
  readonly read: number;
  readonly unread: number;
  readonly exact: boolean;
};

/**
 * Members of that moment, with how far they had come and what they had not read; in the order in which they are given.
 *
 * @param at the time of the moment, in ms
 */
export function membersThen(
  history: History,
  at: number,
  users: readonly string[],
  watermarksOf: (user: string) => WatermarksThen,
): readonly MemberThen[] {
  const { newestOf, unread } = readersThen(history, at);
  return users.flatMap((user) => {
    const member = history.members.get(user);
    if (member === undefined) return [];
    const { delivered, read, readAtMost, exact } = watermarksOf(user);
    return [
      {
        user,
        role: member.role,
        since: member.since,
        delivered: Math.max(delivered, newestOf(user)),
        read: Math.max(read, newestOf(user)),
        unread: unread(user, readAtMost),
        exact,
      },
    ];
  });
}
