import { realpath } from 'node:fs/promises';
import { extname } from 'node:path';
import { exitCodes } from '../exit-codes.js';
import { type EventColumn, eventColumns } from '../replay/columns.js';
import { CliError } from '../terminal/cli-error.js';
import type { Connection } from './duckdb.js';
import { columnTypes } from './event-table.js';

/** A file that `parley replay` wrote. */
export type Exported = { readonly path: string; readonly read: string };

/**
 * The files, by the way to read each.
 *
 * @throws CliError for one that is not there, or whose name ends as none that is written
 */
export function exportedFiles(paths: readonly string[]): Promise<readonly Exported[]> {
  return Promise.all(
    paths.map(async (given) => {
      const path = await realpath(given).catch(() => {
        throw new CliError(`there is no file ${given}`, exitCodes.noInput);
      });
      const reader = READERS[extname(path).slice(1)];
      if (reader !== undefined) return { path, read: reader(`'${path.replaceAll("'", "''")}'`) };
      throw new CliError(
        `${given} ends in none of ${Object.keys(READERS)
          .map((name) => `.${name}`)
          .join(', ')}: write it by \`parley replay --format … --out …\``,
        exitCodes.badData,
      );
    }),
  );
}

/** Loads them all into the table of events. */
export async function loadExported(connection: Connection, files: readonly Exported[]): Promise<void> {
  for (const { path, read } of files) {
    await connection
      .run(`insert into events (${eventColumns.join(', ')}) ${read}`)
      .catch((error: unknown) => {
        const reason = (error as Error).message.split('\n')[0];
        if (/^(INTERRUPT|Out of Memory)/.test(reason ?? '')) throw error;
        throw new CliError(`${path} is no exported log: ${reason}`, exitCodes.badData);
      });
  }
}

const typed = (name: EventColumn): string => `${name}::${columnTypes[name]}`;

/** What the columns are called in the JSON of an event. */
const IN_JSON: Readonly<Record<EventColumn, string>> = {
  partition: 'null',
  stream_seq: 'null',
  conversation_id: '"conversationId"',
  seq: 'seq',
  type: 'type',
  version: 'version',
  logged_at: 'make_timestamptz("at" * 1000)',
  actor: 'actor',
  command_id: '"commandId"',
  data: 'data',
};

const ENVELOPE = `{conversationId: 'VARCHAR', seq: 'BIGINT', type: 'VARCHAR', version: 'INTEGER', "at": 'BIGINT', actor: 'VARCHAR', commandId: 'VARCHAR', data: 'JSON'}`;

const fromNdjson = (file: string): string =>
  `select ${eventColumns.map((name) => IN_JSON[name]).join(', ')}
     from read_json(${file}, format = 'newline_delimited', columns = ${ENVELOPE})`;

/** By the end of a file's name, how its rows are read. */
const READERS: Readonly<Record<string, (file: string) => string>> = {
  parquet: (file) => `select ${eventColumns.map(typed).join(', ')} from read_parquet(${file})`,
  csv: (file) =>
    `select ${eventColumns.map(typed).join(', ')} from read_csv(${file}, header = true, all_varchar = true)`,
  ndjson: fromNdjson,
  jsonl: fromNdjson,
};
