import { setTimeout as sleep } from 'node:timers/promises';
import { membershipsKey } from '@parley/infra/read-model/memberships';
import { encodePage, pageKey } from '@parley/infra/read-model/newest-page';
import { steadyNow } from '@parley/infra/runtime/steady-now';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { pause } from '../pause.js';
import type { Commit } from '../project-batch.js';
import { boundedSet } from './bounded-set.js';
import { pageAdvances } from './page-advance.js';
import { pagePipeline } from './page-scripts.js';
import { readPages } from './read-pages.js';

export type CacheResources = {
  readonly redis: Redis;
  readonly database: Pick<Pool, 'query'>;
  readonly schema: string;
  readonly onFailure: (error: Error) => void;
};

export type Cache = {
  /** Brings the cache behind a commit. Returns at once and never throws: the cache costs time, not truth. */
  committed(commits: readonly Commit[], pending: number): void;
  close(): Promise<void>;
};

/** Messages behind a batch from which pages are not written with each batch: they would be old before they are read. */
const FAR_BEHIND = 2_000;

/** Conversations, and memberships, that wait to be read from Postgres. More push out the oldest. */
const MAX_DIRTY = 100_000;

/** Milliseconds for which commits are gathered, so that a steady stream does not write to Redis commit by commit. */
const GATHER = 15;

/** Events that wait to be written while a write is on its way. More are read from Postgres instead. */
const MAX_WAITING = 4_000;

/** Conversations read by one statement; ms between two of them, and at least so many times what the last one took. */
const REREAD = 100;
const PAUSE = 50;
const RESPITE = 4;

/** How long, in ms, after a commit that was far behind, nothing is read from Postgres for the cache's sake. */
const CATCHING_UP = 1_000;

/**
 * Keeps the newest pages and the users' sets of conversations in Redis. A page goes from one revision to the next by
 * appending what the batch added; where that does not do, it is read from Postgres a little later. Whatever fails on the
 * way leaves a page at an older revision, which nobody serves.
 */
export function keepCache({ redis, database, schema, onFailure }: CacheResources): Cache {
  const pages = boundedSet(MAX_DIRTY);
  const members = boundedSet(MAX_DIRTY);
  let waiting: Commit[] = [];
  let catchingUpUntil = 0;
  let writing: Promise<void> | undefined;
  const closing = new AbortController();
  const rereading = keepReading();

  async function write(commits: readonly Commit[]): Promise<void> {
    const pipeline = pagePipeline(redis);
    const appends = commits
      .flatMap(({ prepared }) => pageAdvances(prepared.events))
      .filter((advance) => {
        if (advance.tag === 'reread') pages.add(advance.conversationId);
        return advance.tag === 'append';
      });
    for (const { conversationId, from, text } of appends)
      pipeline.advancePage(pageKey(schema, conversationId), from, text);
    const answers = await pipeline.exec();
    appends.forEach(({ conversationId }, index) => {
      if (answers?.[index]?.[1] !== 1) pages.add(conversationId);
    });
    const failed = answers?.find(([error]) => error !== null)?.[0];
    if (failed) onFailure(failed);
  }

  function markDirty(commits: readonly Commit[]): void {
    for (const { prepared } of commits)
      for (const { conversationId } of prepared.events) pages.add(conversationId);
  }

  async function moveMembers(commits: readonly Commit[]): Promise<void> {
    const moves = commits.flatMap(({ written }) => [
      ...written.left.map((move) => ({ ...move, enters: false })),
      ...written.entered.map((move) => ({ ...move, enters: true })),
    ]);
    if (moves.length === 0) return;
    try {
      const pipeline = redis.pipeline();
      for (const { user, conversationId, enters } of moves) {
        if (enters) pipeline.sadd(membershipsKey(schema, user), conversationId);
        else pipeline.srem(membershipsKey(schema, user), conversationId);
      }
      const failed = (await pipeline.exec())?.find(([error]) => error !== null)?.[0];
      if (failed) throw failed;
    } catch (error) {
      for (const { user, conversationId } of moves) members.add(`${user} ${conversationId}`);
      onFailure(error as Error);
    }
  }

  async function keepReading(): Promise<void> {
    let rest = PAUSE;
    while (!closing.signal.aborted) {
      await pause(rest, closing.signal);
      if (steadyNow() < catchingUpUntil || redis.status !== 'ready') continue;
      const startedAt = steadyNow();
      try {
        await rereadPages();
        await recheckMembers();
        rest = Math.max(PAUSE, RESPITE * (steadyNow() - startedAt));
      } catch (error) {
        onFailure(error as Error);
        rest = PAUSE * 10;
      }
    }
  }

  async function rereadPages(): Promise<void> {
    const ids = pages.take(REREAD);
    if (ids.length === 0) return;
    try {
      const pipeline = pagePipeline(redis);
      for (const [id, page] of await readPages(database, schema, ids)) {
        pipeline.putPage(pageKey(schema, id), page.revision, encodePage(page));
      }
      const failed = (await pipeline.exec())?.find(([error]) => error !== null)?.[0];
      if (failed) throw failed;
    } catch (error) {
      for (const id of ids) pages.add(id);
      throw error;
    }
  }

  /** Each pair by itself: a user's set is written by the owners of several partitions. */
  async function recheckMembers(): Promise<void> {
    const pairs = members.take(REREAD);
    if (pairs.length === 0) return;
    try {
      const split = pairs.map((pair) => pair.split(' ') as [string, string]);
      const { rows } = await database.query<{ user_id: string; conversation_id: string }>(
        `select m.user_id, m.conversation_id from unnest($1::text[], $2::text[]) as pair (user_id, conversation_id)
         join ${schema}.member m on m.user_id = pair.user_id and m.conversation_id = pair.conversation_id`,
        [split.map(([user]) => user), split.map(([, id]) => id)],
      );
      const there = new Set(rows.map(({ user_id, conversation_id }) => `${user_id} ${conversation_id}`));
      const pipeline = redis.pipeline();
      for (const [user, id] of split) {
        if (there.has(`${user} ${id}`)) pipeline.sadd(membershipsKey(schema, user), id);
        else pipeline.srem(membershipsKey(schema, user), id);
      }
      const failed = (await pipeline.exec())?.find(([error]) => error !== null)?.[0];
      if (failed) throw failed;
    } catch (error) {
      for (const pair of pairs) members.add(pair);
      throw error;
    }
  }

  /** One write at a time, of what has come from all shares within a moment; what comes meanwhile goes into the next. */
  function drain(): void {
    if (writing !== undefined || waiting.length === 0) return;
    let commits: readonly Commit[] = [];
    writing = sleep(GATHER)
      .then(() => {
        commits = waiting;
        waiting = [];
        return write(commits);
      })
      .catch((error: Error) => {
        markDirty(commits);
        onFailure(error);
      })
      .finally(() => {
        writing = undefined;
        drain();
      });
  }

  return {
    committed(commits, pending) {
      void moveMembers(commits);
      if (pending > FAR_BEHIND) catchingUpUntil = steadyNow() + CATCHING_UP;
      if (pending > FAR_BEHIND || eventsIn(waiting) > MAX_WAITING) return markDirty(commits);
      waiting.push(...commits);
      drain();
    },
    async close() {
      closing.abort();
      await writing;
      await rereading;
    },
  };
}

const eventsIn = (commits: readonly Commit[]): number =>
  commits.reduce((sum, { prepared }) => sum + prepared.events.length, 0);
