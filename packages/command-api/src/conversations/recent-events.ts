import type { Envelope } from '@parley/domain/log/envelope';
import { LRUCache } from 'lru-cache';

/** The newest events of conversations, so that who missed few of them gets them without a look into the log. */
export type RecentEvents = {
  /** Takes an event of a conversation, in order; one that does not follow the newest here begins anew. */
  add(conversationId: string, event: Envelope): void;
  /** All events after `after` up to the newest here; undefined where not all of them are here. */
  after(conversationId: string, after: number): readonly Envelope[] | undefined;
};

/** Events kept of one conversation. */
const MOST = 64;

/** Characters kept of all of them, about; the conversation longest unused goes first. */
const MOST_CHARACTERS = 48 * 1024 * 1024;

export function openRecentEvents(): RecentEvents {
  const runs = new LRUCache<string, Run>({ maxSize: MOST_CHARACTERS });

  return {
    add(conversationId, event) {
      const run = runs.get(conversationId);
      const newest = run?.events.at(-1)?.seq ?? 0;
      if (event.seq <= newest) return;
      // What was erased from the log is not kept here either.
      const goesOn = run !== undefined && event.seq === newest + 1 && event.type !== 'message.erased';
      const next = goesOn ? run : { events: [], size: 0 };
      next.events.push(event);
      next.size += charactersOf(event);
      if (next.events.length > MOST) next.size -= charactersOf(next.events.shift() as Envelope);
      runs.set(conversationId, next, { size: next.size });
    },
    after(conversationId, after) {
      const { events } = runs.get(conversationId) ?? NOTHING;
      const first = events[0]?.seq;
      return first === undefined || first > after + 1 ? undefined : events.slice(after + 1 - first);
    },
  };
}

type Run = { readonly events: Envelope[]; size: number };
const NOTHING: Run = { events: [], size: 0 };

/** Characters of an event, roughly: what it always has, and what may be large in it. A sealed body is longer than what is in it. */
export function charactersOf({ data }: Envelope): number {
  const { body, members, users, ranges } = data as {
    body?: string;
    members?: readonly unknown[];
    users?: readonly unknown[];
    ranges?: readonly unknown[];
  };
  const listed = (members?.length ?? 0) + (users?.length ?? 0) + (ranges?.length ?? 0);
  return 400 + (body?.length ?? 0) + 120 * listed;
}
