import { withBuildSession } from './build-session.js';
import type { Index } from './postponed.js';
import { donePostponed } from './postponed.js';

export type IndexWork = {
  readonly databaseUrl: string;
  readonly schema: string;
  /** Sessions that make one each. */
  readonly atOnce: number;
  readonly onMade: (name: string) => void;
};

/** Makes what was postponed, several at once; each is there as a whole or not at all, and is made once. */
export async function makeIndexes(
  { databaseUrl, schema, atOnce, onMade }: IndexWork,
  indexes: readonly Index[],
  signal: AbortSignal,
): Promise<void> {
  const left = [...indexes].toSorted((a, b) => weightOf(b) - weightOf(a));
  const failed = new AbortController();
  const until = AbortSignal.any([signal, failed.signal]);
  const session = () =>
    withBuildSession(databaseUrl, until, async (client) => {
      await client.query(`set maintenance_work_mem = '${MEMORY}'`);
      for (let index = left.shift(); index !== undefined; index = left.shift()) {
        await client.query('begin');
        await client.query(index.definition);
        await donePostponed(client, schema, 'index', index.name);
        await client.query('commit');
        onMade(index.name);
      }
    });
  const work = Array.from({ length: Math.min(atOnce, left.length) }, () =>
    session().catch((error: Error) => {
      failed.abort();
      throw error;
    }),
  );
  const settled = await Promise.allSettled(work);
  signal.throwIfAborted();
  const first = settled.find((each) => each.status === 'rejected');
  if (first !== undefined) throw first.reason;
}

/** What one session may sort in memory, beside those at once; more than that goes through files. */
const MEMORY = '256MB';

/** Messages are most: their indexes begin first. Those of a few rows last. */
const weightOf = ({ name, definition }: Index): number =>
  (name.startsWith('message') ? 2 : 0) + (/ WHERE /.test(definition) && !/_shown/.test(name) ? 0 : 1);
