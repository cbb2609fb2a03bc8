import type { Entry } from '@parley/domain/conversation/vocabulary';
import type { Envelope } from '@parley/domain/log/envelope';

/** Who was ever in a conversation. */
export type People = {
  readonly users: ReadonlySet<string>;
  /** By the hash that somebody had there: whose it is. */
  readonly byHash: ReadonlyMap<string, string>;
  /** Hashes that are banned, or were, of people who never were in it. */
  readonly strangers: ReadonlySet<string>;
};

/** Of a file's events in their order. */
export function foldPeople(): { add(event: Envelope): void; people(): People } {
  const users = new Set<string>();
  const byHash = new Map<string, string>();
  const banned = new Set<string>();

  function enter(entries: readonly Entry[]): void {
    for (const { user, banHash } of entries) {
      users.add(user);
      byHash.set(banHash, user);
    }
  }

  return {
    add(event) {
      if (event.type === 'conversation.created' || event.type === 'member.added') enter(event.data.members);
      if (event.type === 'member.banned' || event.type === 'member.unbanned') banned.add(event.data.banHash);
    },
    people: () => ({ users, byHash, strangers: banned.difference(new Set(byHash.keys())) }),
  };
}
