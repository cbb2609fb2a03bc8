import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Connection, DuckDb } from './duckdb.js';

export type DatabaseOptions = {
  /** A file that keeps it; else it is in memory. */
  readonly file?: string;
  readonly isReadOnly?: boolean;
  /** Most memory, as DuckDB writes sizes. */
  readonly memory: string;
  /** False where nothing of it may reach a disk: then what does not fit into memory is an error. */
  readonly mayUseDisk: boolean;
};

export type Database = Disposable & { readonly connection: Connection };

/** Half of the machine's memory, 4 GB at most. */
export const defaultMemory = (): string => `${Math.min(4_096, Math.floor(totalmem() / 2 ** 21))}MB`;

/**
 * Opens a database that reaches for nothing by itself: no extension is fetched. What does not fit into memory goes to a directory of
 * its own, which is gone when the process ends, unless that is killed.
 */
export async function openDatabase(
  { DuckDBInstance }: DuckDb,
  { file, isReadOnly = false, memory, mayUseDisk }: DatabaseOptions,
): Promise<Database> {
  const scratch = mayUseDisk ? await mkdtemp(join(tmpdir(), 'parley-query-')) : '';
  const forget = (): void => rmSync(scratch, { recursive: true, force: true });
  if (mayUseDisk) process.on('exit', forget);
  const dispose = (): void => {
    if (!mayUseDisk) return;
    process.off('exit', forget);
    forget();
  };
  try {
    const instance = await DuckDBInstance.create(file ?? ':memory:', {
      memory_limit: memory,
      temp_directory: scratch,
      access_mode: isReadOnly ? 'READ_ONLY' : 'AUTOMATIC',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
    });
    const connection = await instance.connect();
    await connection.run("set TimeZone = 'UTC'");
    return {
      connection,
      [Symbol.dispose]: () => {
        connection.closeSync();
        instance.closeSync();
        dispose();
      },
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** From here on SQL reaches no file but those named, no network and no setting. */
export async function lockDatabase(connection: Connection, files: readonly string[] = []): Promise<void> {
  const paths = files.map((path) => `'${path.replaceAll("'", "''")}'`).join(', ');
  await connection.run(`set allowed_paths = [${paths}]`);
  await connection.run('set enable_external_access = false');
  await connection.run('set lock_configuration = true');
}
