import { openVault } from '@parley/infra/vault/open-vault';
import type { Selection } from '../replay/selection.js';
import type { LogAccess } from '../terminal/log-access.js';
import type { Progress } from '../terminal/progress.js';
import { checkQuestion } from './ask.js';
import { beginCache, CACHE_TABLES, destroyCache, keepPosition, readCache } from './cache.js';
import { type Database, lockDatabase, openDatabase } from './database.js';
import type { Connection, DuckDb } from './duckdb.js';
import { EVENT_TABLES, openEventWriter, UNTELL } from './event-table.js';
import { type Exported, loadExported } from './exported.js';
import { loadLog } from './load-log.js';
import { VIEWS } from './views.js';

/** What every source needs. */
export type Asking = {
  readonly duckdb: DuckDb;
  /** Looked at before anything is loaded. */
  readonly question: string;
  readonly memory: string;
  readonly signal: AbortSignal;
  readonly progress: (total: number) => Progress | undefined;
};

/** The log as it is now, or part of it, in memory. With master keys its bodies are open, and nothing of it reaches a disk. */
export async function sourceOfLog(
  asking: Asking,
  log: LogAccess,
  selection: Selection,
  masterKeys?: readonly Uint8Array[],
): Promise<Database> {
  return made(asking, { mayUseDisk: masterKeys === undefined }, async (connection) => {
    await prepare(asking, connection, []);
    const writer = await openEventWriter(asking.duckdb, connection);
    const vault = masterKeys && (await openVault({ nats: log.nats, masterKeys }));
    try {
      await loadLog(writer, log, selection, { ...asking, vault });
    } finally {
      await vault?.close();
    }
    await connection.run(UNTELL);
  });
}

/** Files that were exported, in memory. */
export async function sourceOfFiles(asking: Asking, files: readonly Exported[]): Promise<Database> {
  return made(asking, { mayUseDisk: true }, async (connection) => {
    const paths = files.map(({ path }) => path);
    await prepare(asking, connection, paths);
    const interrupt = (): void => connection.interrupt();
    asking.signal.addEventListener('abort', interrupt);
    await loadExported(connection, files);
    asking.signal.removeEventListener('abort', interrupt);
  });
}

/**
 * The log as it is now, of which a file keeps what was loaded before; a run that is broken off keeps what it had. Nobody else may
 * read the file, and nothing a question does changes it.
 *
 * @param say told why the file is made anew, where it is
 */
export async function sourceOfCache(
  asking: Asking,
  log: LogAccess,
  file: string,
  say: (line: string) => void,
): Promise<Database> {
  const { duckdb, memory } = asking;
  const before = process.umask(0o077);
  try {
    const because = await fill(asking, log, file);
    if (because !== undefined) {
      say(`${file} is made anew: ${because}`);
      await destroyCache(file);
      await fill(asking, log, file);
    }
  } finally {
    process.umask(before);
  }
  const database = await openDatabase(duckdb, { file, isReadOnly: true, memory, mayUseDisk: true });
  await lockDatabase(database.connection);
  return database;
}

/** Brings a cache up to date; gives the reason where it has to be made anew, and then leaves it as it is. */
async function fill(asking: Asking, log: LogAccess, file: string): Promise<string | undefined> {
  const { duckdb, memory } = asking;
  using database = await openDatabase(duckdb, { file, memory, mayUseDisk: true });
  const { connection } = database;
  if ((await countTables(connection)) === 0) {
    await connection.run(`begin; ${EVENT_TABLES} ${VIEWS} ${CACHE_TABLES}`);
    await beginCache(connection, log);
    await connection.run('commit');
  }
  await lockDatabase(connection);
  const state = await readCache(connection, log, file);
  if (state.tag === 'stale') return state.because;
  await checkQuestion(duckdb, connection, asking.question);
  const writer = await openEventWriter(duckdb, connection);
  const reached = new Map<number, number>();
  let waiting = 0;
  const keep = async (): Promise<void> => {
    writer.flush();
    for (const [partition, upTo] of reached) await keepPosition(connection, partition, upTo);
    await connection.run('commit');
    reached.clear();
    waiting = 0;
  };
  await connection.run('begin');
  try {
    await loadLog(
      writer,
      log,
      {},
      {
        ...asking,
        positions: state.positions,
        onPassed: async (passed, events) => {
          for (const [partition, upTo] of passed) reached.set(partition, upTo);
          waiting += events;
          if (waiting < KEPT_AT_ONCE) return;
          await keep();
          await connection.run('begin');
        },
      },
    );
  } finally {
    await keep();
  }
  await connection.run(`${UNTELL} checkpoint`);
  return undefined;
}

/** Events that a transaction of a cache has: what of it is lost when the process is killed. */
const KEPT_AT_ONCE = 200_000;

/** A database in memory that is filled; when that fails it is closed again. */
async function made(
  { duckdb, memory }: Asking,
  options: { readonly mayUseDisk: boolean },
  fillIt: (connection: Connection) => Promise<void>,
): Promise<Database> {
  const database = await openDatabase(duckdb, { memory, ...options });
  try {
    await fillIt(database.connection);
    return database;
  } catch (error) {
    database[Symbol.dispose]();
    throw error;
  }
}

async function prepare(asking: Asking, connection: Connection, files: readonly string[]): Promise<void> {
  await connection.run(EVENT_TABLES);
  await connection.run(VIEWS);
  await lockDatabase(connection, files);
  await checkQuestion(asking.duckdb, connection, asking.question);
}

async function countTables(connection: Connection): Promise<number> {
  const found = await connection.runAndReadAll('select count(*) from duckdb_tables()');
  return Number(found.getRowsJson()[0]?.[0]);
}
