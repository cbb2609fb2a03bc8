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
  readonly schema: () => Promise<string>;
  /** Time in ms. */
  readonly now: () => number;
  /** Told of failures other than a database that is away: marks go on without a count. */
  readonly onError: (error: unknown) => void;
  readonly patience?: number;
}): CountUnread {
  const asked: { readonly reader: Reader; readonly answer: (counted: CountedUnread | undefined) => void }[] =
    [];

  const { patience = PATIENCE } = resources;

  async function count(): Promise<void> {
    const now = asked.splice(0, MAX_COUNTED);
    if (asked.length > 0) setImmediate(count);
    const counted = await ifSoon(read(now.map(({ reader }) => reader)), patience).catch((error: unknown) => {
      resources.onError(error);
      return undefined;
    });
    now.forEach(({ answer }, index) => {
      answer(counted?.[index]);
    });
  }

  async function read(readers: readonly Reader[]): Promise<readonly (CountedUnread | undefined)[]> {
    const { database, schema, now } = resources;
    return readUnread(database, { schema: await schema(), now: now(), readers });
  }

  return (reader) =>
    new Promise((answer) => {
      if (asked.length === 0) setImmediate(count);
      asked.push({ reader, answer });
    });
}
