import type { Log } from '@parley/infra/runtime/log';
import type { Pool } from 'pg';
import { pause } from '../pause.js';
import { type DueConversation, readDue } from './due-conversation.js';
import { readDueMessages } from './due-messages.js';
import { type Ended, type EndingResources, endDue } from './end-due.js';
import { beginEnding } from './ending.js';
import { openLaps } from './laps.js';
import type { ExpiryMetrics } from './metrics.js';
import type { Numbered } from './ranges.js';
import { openWaiting } from './waiting.js';

export type SchedulerOptions = EndingResources & {
  readonly database: Pick<Pool, 'query'>;
  readonly schema: string;
  readonly metrics: ExpiryMetrics;
  readonly log: Log;
  /** Whether the line to the broker is whole: without it no round is begun. */
  readonly isUp: () => boolean;
};

export type Scheduler = {
  /** Ends what is due in a partition from now on; to be called while its timeline's lock is held. */
  take(partition: number): Taken;
  readonly partitions: readonly number[];
  /** False when rounds fail, or hang. */
  readonly isReady: boolean;
  close(): Promise<void>;
};

export type Taken = {
  /** How many events of the log the rows lack. What they say is due is looked at only while those are few. */
  behind(events: number): void;
  release(): void;
};

/** Milliseconds from the beginning of a round to that of the next, unless there is more to do at once. */
const ROUND = 100;

/** Rounds that are being appended at once; a statement and a publish each wait for an answer most of the time. */
const MOST_BATCHES = 3;

/** Conversations in a round, and messages of each of them: three million in memory at most. */
const MOST_CONVERSATIONS = 1_000;
const MOST_MESSAGES = 1_000;

/** Conversations a round whose messages are many more than that, and how many those may be. */
const MOST_DEEP = 4;
const MOST_MESSAGES_DEEP = 50_000;

/** Events that the rows may be behind: each costs a conflict, and a projector that makes rows anew would have nothing but those. */
const CLOSE_BEHIND = 10_000;

/** Rounds that failed, or one that takes so long, in ms, are worth an operator's look. */
const STUCK = 30_000;

/**
 * Ends what is due in the partitions of this process, in rounds: one statement for all of them says which conversations have something
 * due, one which messages, and each conversation gets one event. A backlog is gone through page by page, oldest first. Nothing is
 * remembered that matters: whoever has the partitions next reads the same rows.
 */
export function openScheduler(options: SchedulerOptions): Scheduler {
  const { database, schema, metrics, log, now, isUp } = options;
  const taken = new Map<number, { behind: number }>();
  const laps = openLaps();
  const waiting = openWaiting();
  const closing = new AbortController();
  const batches = new Set<Promise<unknown>>();
  let doneAt = performance.now();
  let complained = false;
  const running = run();

  async function run(): Promise<void> {
    while (!closing.signal.aborted) {
      const startedAt = performance.now();
      const isMore = await round().catch(complain);
      const rest = isMore ? 0 : ROUND - (performance.now() - startedAt);
      if (rest > 0) await pause(rest, closing.signal);
    }
  }

  /** True where there is more to do at once. */
  async function round(): Promise<boolean> {
    const mine = isUp() ? [...taken].filter(([, { behind }]) => behind <= CLOSE_BEHIND) : [];
    let isMore = false;
    if (mine.length > 0) {
      const most = Math.ceil(MOST_CONVERSATIONS / mine.length);
      const from = mine.map(([partition]) => laps.cursorOf(partition));
      const rows = await readDue(database, schema, from, now(), most);
      const pages = Map.groupBy(rows, ({ partition }) => partition);
      for (const [partition] of mine)
        if (laps.read(partition, pages.get(partition) ?? [], most)) isMore = true;
      await begin(rows.filter((row) => !waiting.has(row)));
    }
    doneAt = performance.now();
    if (complained) log.info('what is due is looked at again');
    complained = false;
    return isMore;
  }

  /** Begins to end what is due in these, and waits for room for more: the next page is read while these are appended. */
  async function begin(rows: readonly DueConversation[]): Promise<void> {
    if (rows.length === 0) return;
    for (const row of rows) waiting.begin(row.conversationId);
    const batch: Promise<unknown> = endAll(rows)
      .catch(complain)
      .finally(() => {
        batches.delete(batch);
        for (const row of rows) waiting.finish(row.conversationId);
      });
    batches.add(batch);
    if (batches.size >= MOST_BATCHES) await Promise.race(batches);
  }

  async function endAll(rows: readonly DueConversation[]): Promise<void> {
    const messages = await messagesOf(rows);
    await Promise.all(
      rows.map(async (row) => {
        if (!taken.has(row.partition)) return;
        note(row, await endDue(options, beginEnding(row, messages.get(row.conversationId) ?? [])));
      }),
    );
  }

  async function messagesOf(rows: readonly DueConversation[]): Promise<Map<string, readonly Numbered[]>> {
    const ids = rows.map(({ conversationId }) => conversationId);
    const found = new Map(await readDueMessages(database, schema, ids, now(), MOST_MESSAGES));
    const deep = ids.filter((id) => found.get(id)?.length === MOST_MESSAGES).slice(0, MOST_DEEP);
    for (const [id, all] of await readDueMessages(database, schema, deep, now(), MOST_MESSAGES_DEEP))
      found.set(id, all);
    return found;
  }

  function note(row: DueConversation, ended: Ended): void {
    const { conversationId, nextDue } = row;
    waiting.note(conversationId, ended);
    metrics.ended(ended, now() - nextDue);
    if (ended.tag === 'failed')
      log.error({ conversationId, reason: ended.reason }, 'what is due in a conversation cannot be ended');
  }

  function complain(error: Error): false {
    metrics.roundFailed();
    if (!complained) log.warn({ reason: error.message }, 'what is due cannot be looked up; nothing expires');
    complained = true;
    return false;
  }

  return {
    take(partition) {
      const mine = { behind: Number.POSITIVE_INFINITY };
      taken.set(partition, mine);
      return {
        behind: (events) => {
          mine.behind = events;
        },
        release: () => {
          if (taken.get(partition) === mine) taken.delete(partition);
          laps.forget(partition);
        },
      };
    },
    get partitions() {
      return [...taken.keys()];
    },
    get isReady() {
      return !complained && performance.now() - doneAt < STUCK;
    },
    async close() {
      closing.abort();
      await running;
      await Promise.all(batches);
    },
  };
}
