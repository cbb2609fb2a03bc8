import type { ServedVersion } from '@parley/infra/read-model/served-version';
import { openGather } from '@parley/infra/runtime/gather';
import { ifSoon } from '../queries/if-soon.js';
import type { Queryable } from '../read/queryable.js';
import { type CountedUnread, type Reader, readUnread } from '../read/unread.js';

/** Says what a member has not read; undefined where that cannot be told now. */
export type CountUnread = (reader: Reader) => Promise<CountedUnread | undefined>;

/** Members counted by one statement. */
const MAX_COUNTED = 500;

/** Milliseconds that counting may take before a mark goes on without: a receipt must not wait for a slow database. */
const PATIENCE = 100;

/** Counts what is asked in one event-loop tick by one statement. */
export function openUnreadCounter(resources: {
  readonly database: Queryable;
  readonly served: Pick<ServedVersion, 'read'>;
  /** Time in ms. */
  readonly now: () => number;
  /** Told of failures other than a database that is away: marks go on without a count. */
  readonly onError: (error: unknown) => void;
  readonly patience?: number;
}): CountUnread {
  const { patience = PATIENCE } = resources;

  // None waits for the statement of others: it would wait longer than its own patience.
  const counts = openGather({ ask: count, most: MAX_COUNTED, atOnce: Number.POSITIVE_INFINITY });

  async function count(readers: readonly Reader[]): Promise<readonly (CountedUnread | undefined)[]> {
    const counted = await ifSoon(read(readers), patience).catch((error: unknown) => {
      resources.onError(error);
      return undefined;
    });
    return counted ?? [];
  }

  async function read(readers: readonly Reader[]): Promise<readonly (CountedUnread | undefined)[]> {
    const { database, served, now } = resources;
    return served.read(({ schema }) => readUnread(database, { schema, now: now(), readers }));
  }

  return counts.ask;
}
