import { readFile } from 'node:fs/promises';
import { created, envelopes, happened } from '@parley/domain/testing/given';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, checkQuestion } from './ask.js';
import { type Database, lockDatabase, openDatabase } from './database.js';
import { type DuckDb, loadDuckDb } from './duckdb.js';
import { EVENT_TABLES, openEventWriter } from './event-table.js';
import { VIEWS } from './views.js';

const page = await readFile(new URL('../../../../docs/analysis.md', import.meta.url), 'utf8');
const questions = [...page.matchAll(/^```sql\n(.*?)^```/gms)].map(([, sql]) => sql as string);

/** A small talk, its bodies open: every question finds something in it. */
const HOUR = 3_600_000;
const said = (by: string, ordinal: number, text: string, hours: number) =>
  happened(by, 'message.sent', {
    ordinal,
    body: { kind: 'text', text } as never,
    sentAt: Date.UTC(2012, 0, 1) + hours * HOUR,
  });
const talk = envelopes([
  created('group', { ann: 'owner', bob: 'member' }),
  said('ann', 1, 'who is there?', 0),
  said('bob', 2, 'ann: I am', 1),
  said('ann', 3, 'bob: good morning', 24 * 400),
  happened('bob', 'message.reacted', { seq: 2, emoji: '+1', removed: false }),
]);

describe('docs/analysis.md', () => {
  let duckdb: DuckDb;
  let database: Database;
  beforeAll(async () => {
    duckdb = await loadDuckDb();
    database = await openDatabase(duckdb, { memory: '1GB', mayUseDisk: false });
    const { connection } = database;
    await connection.run(EVENT_TABLES);
    await connection.run(VIEWS);
    await lockDatabase(connection);
    const writer = await openEventWriter(duckdb, connection);
    for (const event of talk) writer.add({ partition: 0, streamSeq: event.seq, event, data: event.data });
    writer.flush();
  });
  afterAll(() => database?.[Symbol.dispose]());

  it('has at least ten questions', () => {
    expect(questions.length).toBeGreaterThanOrEqual(10);
  });

  it.each(questions.map((sql, index) => [index + 1, sql]))('asks what has an answer: %i', async (_, sql) => {
    const { connection } = database;
    await checkQuestion(duckdb, connection, sql as string);
    const answer = await ask(duckdb, connection, sql as string, new AbortController().signal);
    const rows = await answer.getRowsJson();
    await connection.run('rollback');
    expect(rows.length).toBeGreaterThan(0);
  });

  it('names every column there is', async () => {
    const answer = await database.connection.runAndReadAll(
      "select table_name, string_agg(column_name, ', ' order by column_index) from duckdb_columns() where not internal and schema_name = 'main' group by 1",
    );
    const columns = new Map(answer.getRowsJson() as [string, string][]);
    const named = [...page.matchAll(/^\| `(\w+)` \|.*\| `([\w, ]+)` \|$/gm)];
    expect(named).toHaveLength(columns.size);
    for (const [, table, list] of named) expect([table, list]).toEqual([table, columns.get(table as string)]);
  });
});
