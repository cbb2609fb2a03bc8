import { setTimeout as sleep } from 'node:timers/promises';
import { isDatabaseAway } from '@parley/infra/runtime/database-away';
import { steadyNow } from '@parley/infra/runtime/steady-now';
import pg from 'pg';

/** Postgres has no room for what a rebuild writes. What is served is as it was. */
export class NoRoom extends Error {
  override readonly name = 'NoRoom';

  constructor(schema: string, cause: Error) {
    super(
      `Postgres has no room: ${cause.message}. The version that is served is as it was; ${schema} keeps what it has, ` +
        'and the same command goes on with it when there is room. To give its room back instead, drop it',
      { cause },
    );
  }
}

/** Whether a disk, or what one may have of it, is full. Not every way to be full has the SQLSTATE of it. */
export const isNoRoom = (error: unknown): error is Error =>
  error instanceof Error &&
  (('code' in error && error.code === '53100') ||
    /could not (extend|write|create) .*(No space left|File too large|Disk quota)/s.test(error.message));

/** Whether the work may go on when Postgres is back: not where somebody dropped the version, or cancelled a statement. */
export const isAway = (error: unknown): boolean =>
  isDatabaseAway(error) && !['3F000', '42P01', '57014'].includes(String((error as { code?: unknown }).code));

/** Resolves when Postgres answers again; false when it did not within `patience` ms. */
export async function isBack(databaseUrl: string, patience: number, signal: AbortSignal): Promise<boolean> {
  for (const until = steadyNow() + patience; steadyNow() < until; await sleep(500)) {
    signal.throwIfAborted();
    const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    const answers = await client.connect().then(
      () => true,
      () => false,
    );
    await client.end().catch(() => undefined);
    if (answers) return true;
  }
  return false;
}
