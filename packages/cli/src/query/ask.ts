import type { DuckDBResult } from '@duckdb/node-api';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import type { Connection, DuckDb } from './duckdb.js';

/**
 * Says what is wrong with a question before anything is loaded for it, as far as that can be seen on empty tables.
 *
 * @throws as `ask`
 */
export async function checkQuestion(duckdb: DuckDb, connection: Connection, sql: string): Promise<void> {
  const statements = await statementsOf(connection, sql);
  // What comes later may name what an earlier one makes.
  const first = await statements.prepare(0);
  refuseWriting(duckdb, first.statementType, statements.count === 1);
}

/**
 * Asks, and answers with the rows of the last statement, which are read as they are needed. What comes before it may only make
 * something to ask, such as a macro or a temporary table. Ends when the signal is aborted, also while the rows are read.
 *
 * @throws CliError where a statement does something else than read, or the signal was aborted
 * @throws what DuckDB says of SQL that does not fit, see explainDuckDb
 */
export async function ask(
  duckdb: DuckDb,
  connection: Connection,
  sql: string,
  signal: AbortSignal,
): Promise<DuckDBResult> {
  signal.addEventListener('abort', () => connection.interrupt());
  const statements = await statementsOf(connection, sql);
  // Also what an EXPLAIN ANALYZE runs, or a macro, then only reads; a temporary table may be made.
  await connection.run('begin transaction read only');
  for (let index = 0; ; index++) {
    if (signal.aborted) throw new CliError('broken off', exitCodes.interrupted);
    const statement = await statements.prepare(index);
    const isLast = index === statements.count - 1;
    refuseWriting(duckdb, statement.statementType, isLast);
    if (isLast) return statement.stream();
    await statement.run();
  }
}

async function statementsOf(connection: Connection, sql: string) {
  const [, name] = SWITCH.exec(sql) ?? [];
  if (name !== undefined)
    throw new CliError(`${name} changes how DuckDB works: a question only reads`, exitCodes.usage);
  const statements = await connection.extractStatements(sql).catch((error: unknown) => {
    // Of a text that has none it says nothing at all.
    if (error instanceof Error && /Error: /.test(error.message)) throw error;
    return undefined;
  });
  if (statements !== undefined && statements.count > 0) return statements;
  throw new CliError('there is no question in it', exitCodes.usage);
}

/**
 * Functions that are read from like tables and are settings all the same, which the locked configuration lets pass. They reach no file
 * either, but then nothing else is answered.
 */
const SWITCH =
  /(?:from|join|select|,)\s*"?((?:en|dis)able_(?:logging|profiling|profile|peg_parser)|truncate_duckdb_logs|(?:force_)?checkpoint)"?\s*\(/i;

function refuseWriting({ StatementType }: DuckDb, type: number, isLast: boolean): void {
  if (type === StatementType.SELECT || type === StatementType.EXPLAIN) return;
  if (type === StatementType.CREATE) {
    if (!isLast) return;
    throw new CliError('the last statement asks nothing: end with a SELECT', exitCodes.usage);
  }
  throw new CliError(
    `${StatementType[type]} is not done here, a question only reads: SELECT, FROM, WITH, DESCRIBE, SUMMARIZE, PIVOT, EXPLAIN, ` +
      'and before them CREATE TEMP TABLE, VIEW or MACRO',
    exitCodes.usage,
  );
}
