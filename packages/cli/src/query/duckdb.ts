import type { DuckDBConnection } from '@duckdb/node-api';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';

export type DuckDb = typeof import('@duckdb/node-api');
export type Connection = DuckDBConnection;

/**
 * DuckDB, loaded when a question is asked and not before: no other verb needs its 68 MB.
 *
 * @throws CliError where there is no build of it for this machine
 */
export async function loadDuckDb(
  load: () => Promise<DuckDb> = () => import('@duckdb/node-api'),
): Promise<DuckDb> {
  try {
    return await load();
  } catch (error) {
    const reason = String((error as Error).message).split('\n')[0];
    throw new CliError(
      `DuckDB, which answers questions, cannot be loaded on ${process.platform}-${process.arch} (${reason}). ` +
        'It has builds for Linux, macOS and Windows, each x64 and arm64: write the log by `parley replay --format parquet --out FILE` and ask it on one of those',
      exitCodes.failed,
    );
  }
}
