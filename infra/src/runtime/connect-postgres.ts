import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Log } from './log.js';
import { steadyNow } from './steady-now.js';

export type PostgresOptions = {
  /** Shown in pg_stat_activity. */
  readonly name: string;
  readonly log: Log;
  /** Connections at most; 10 unless said. */
  readonly max?: number;
  /** 15 s unless said; 0 never gives up. */
  readonly statementTimeoutMs?: number;
  /**
   * Set where every statement reads a few rows by an index. Of a table that was filled a moment ago and has no statistics yet,
   * Postgres expects few rows and would read, by a bitmap, and sort a whole conversation for one page of it. Where it has some, it takes
   * columns that go together, as ends and tombstones do, for independent, expects many and would read the whole table; or
   * compile a statement that takes a millisecond.
   */
  readonly readsByKey?: boolean;
};

/**
 * A pool that connects when it is first used and survives Postgres going away: without an error handler an idle client
 * that loses its connection would end the process.
 */
export const connectPostgres = (url: string, options: PostgresOptions): pg.Pool => {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: options.name,
    max: options.max ?? 10,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    statement_timeout: options.statementTimeoutMs ?? 15_000,
    keepAlive: true,
    ...(options.readsByKey ? { options: '-c enable_bitmapscan=off -c enable_seqscan=off -c jit=off' } : {}),
  });
  pool.on('error', (error) => options.log.warn({ err: error.message }, 'a connection to Postgres was lost'));
  return pool;
};

/**
 * Resolves when Postgres answers, however long that takes: a service that starts before its database waits for it, and
 * says so at first and every 10 s.
 *
 * @throws when the signal is aborted, or the server is older than 15
 */
export const waitForPostgres = async (pool: pg.Pool, log: Log, signal?: AbortSignal): Promise<void> => {
  let saidAt = Number.NEGATIVE_INFINITY;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await requireVersion(pool);
    } catch (error) {
      if (error instanceof UnsuitablePostgres) throw error;
      if (steadyNow() - saidAt >= 10_000) {
        saidAt = steadyNow();
        log.warn({ reason: (error as Error).message }, 'Postgres does not answer yet; waiting for it');
      }
    }
    await sleep(500, undefined, { signal });
  }
};

export class UnsuitablePostgres extends Error {}

const requireVersion = async (pool: pg.Pool): Promise<void> => {
  const { rows } = await pool.query<{ version: string }>(
    `select current_setting('server_version_num') as version`,
  );
  const version = Number(rows[0]?.version);
  if (version >= 150_000) return;
  throw new UnsuitablePostgres(
    `Postgres is version ${Math.floor(version / 10_000)}; Parley needs 15 or newer`,
  );
};
