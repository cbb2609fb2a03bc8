import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import { ask, checkQuestion } from './ask.js';
import { type Database, lockDatabase, openDatabase } from './database.js';
import { type DuckDb, loadDuckDb } from './duckdb.js';
import { explainDuckDb } from './duckdb-error.js';
import { EVENT_TABLES } from './event-table.js';
import { VIEWS } from './views.js';

let duckdb: DuckDb;
let database: Database;
let directory: string;
let secret: string;
beforeAll(async () => {
  duckdb = await loadDuckDb();
  directory = await mkdtemp(join(tmpdir(), 'query-'));
  secret = join(directory, 'secret.csv');
  await writeFile(secret, 'word\nrosebud\n');
  database = await openDatabase(duckdb, { memory: '200MB', mayUseDisk: false });
  await database.connection.run(EVENT_TABLES);
  await database.connection.run(VIEWS);
  await lockDatabase(database.connection);
});
afterAll(async () => {
  database?.[Symbol.dispose]();
  await rm(directory, { recursive: true });
});

/** The rows, or how it is refused. */
async function asked(sql: string, signal = new AbortController().signal) {
  try {
    await checkQuestion(duckdb, database.connection, sql);
    return await (await ask(duckdb, database.connection, sql, signal)).getRowsJson();
  } catch (error) {
    return refusalOf(error);
  } finally {
    await database.connection.run('rollback').catch(() => undefined);
  }
}

function refusalOf(error: unknown): CliError {
  try {
    return explainDuckDb(error);
  } catch (explained) {
    if (explained instanceof CliError) return explained;
    throw explained;
  }
}

describe('a question', () => {
  it.each([
    ['select 1 + 1', [[2]]],
    ['with two as (select 2 as n) from two', [[2]]],
    ['select 1 as a; select 2', [[2]]],
    ['create temp macro twice(n) as 2 * n; select twice(21)', [[42]]],
    ['create temp table t as select 7 as n; from t', [[7]]],
    ['values (3)', [[3]]],
  ])('is answered: %s', async (sql, rows) => {
    expect(await asked(sql)).toEqual(rows);
  });

  it('may turn rows into columns', async () => {
    const sql = "pivot (values ('a', 1), ('b', 2)) as t(name, n) on name using sum(n)";
    expect(await asked(sql)).toEqual([['1', '2']]);
  });

  it.each([
    ['selec 1', /Parser Error: syntax error at or near "selec"/],
    ['select nothing from events', /Binder Error: Referenced column "nothing" not found/],
    ['from nowhere', /Catalog Error: Table with name nowhere does not exist/],
    ["select 'x'::int", /Conversion Error: Could not convert string 'x' to INT32/],
    ['', /no question/],
    ['-- nothing', /no question/],
    ['create temp table one as select 1', /the last statement asks nothing/],
  ])('that does not fit is refused as DuckDB says it: %s', async (sql, sentence) => {
    expect(await asked(sql)).toMatchObject({
      exitCode: exitCodes.usage,
      message: expect.stringMatching(sentence),
    });
  });

  it.each([
    () => `select * from read_csv('${secret}')`,
    () => `from '${secret}'`,
    () => `select content from read_text('${secret}')`,
    () => `select * from glob('${directory}/*')`,
    () => "select * from read_parquet('https://127.0.0.1:9/x.parquet')",
    () => `copy (select 1) to '${directory}/out.csv'`,
    () => `create temp table t as from read_csv('${secret}'); from t`,
    () => `create temp macro peek() as table from read_text('${secret}'); from peek()`,
    () => `attach '${directory}/other.duckdb'`,
    () => `export database '${directory}/all'`,
    () => `import database '${directory}/all'`,
    () => 'install httpfs',
    () => 'load httpfs',
    () => 'create secret (type s3)',
    () => "set memory_limit = '100GB'",
    () => 'set enable_external_access = true',
    () => 'reset enable_external_access',
    () => "pragma memory_limit = '100GB'",
    () => "pragma profiling_output = '/tmp/profile'",
    () => 'call pragma_version()',
    () => 'delete from events',
    () => 'insert into events (seq) values (1)',
    () => 'update events set seq = 1',
    () => 'drop view messages',
    () => 'begin',
    () => 'checkpoint',
    () => 'use memory',
    () => 'explain analyze delete from events',
    () => "from enable_logging(storage = 'stdout')",
    () => `select * from "enable_profiling"(save_location = '${directory}/out.csv')`,
    () => 'from checkpoint()',
    () => `from query('select content from read_text(''${secret}'')')`,
    () => 'prepare p as select 1',
  ])('reaches no file, no network and no setting, and writes nothing: %s', async (sql) => {
    const refused = await asked(sql());
    expect(refused).toBeInstanceOf(CliError);
    expect((refused as CliError).exitCode).toBe(exitCodes.usage);
    expect((refused as CliError).message).not.toContain('rosebud');
    for (const made of ['out.csv', 'other.duckdb', 'all'])
      expect(existsSync(join(directory, made))).toBe(false);
  });

  it('ends when it is broken off, however long it would take', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 100);
    const endless =
      'select count(*) from range(3000000000) a, range(3000000000) b where a.range % 7 = b.range % 11';
    expect(await asked(endless, stop.signal)).toMatchObject({ exitCode: exitCodes.interrupted });
  });

  it('that needs more memory than there is says how to give it more', async () => {
    const large = 'select list(a.range) from range(30000000) a group by a.range % 3';
    expect(await asked(large)).toMatchObject({
      exitCode: exitCodes.failed,
      message: expect.stringMatching(/Out of Memory Error.*--memory/),
    });
  });
});

describe('DuckDB', () => {
  it('that has no build for this machine is told with what to do', async () => {
    const missing = loadDuckDb(() =>
      Promise.reject(new Error("Cannot find module '@duckdb/node-bindings-x'\nstack")),
    );
    await expect(missing).rejects.toMatchObject({
      exitCode: exitCodes.failed,
      message: expect.stringMatching(
        /cannot be loaded on .* \(Cannot find module '@duckdb\/node-bindings-x'\).*parley replay/,
      ),
    });
  });
});
