import type { DuckDBType } from '@duckdb/node-api';
import type { Envelope } from '@parley/domain/log/envelope';
import { type EventColumn, eventColumns } from '../replay/columns.js';
import type { Fault } from '../replay/logged.js';
import type { Connection, DuckDb } from './duckdb.js';

/** An event, its place in the log, and what is told of it: its data, and from `ends` (in ms) on `untold` in their place. */
export type EventRow = {
  readonly partition: number;
  readonly streamSeq: number;
  readonly event: Envelope;
  readonly data: object;
  readonly mortal?: { readonly ends: number; readonly untold: object };
};

export const columnTypes: Readonly<Record<EventColumn, string>> = {
  partition: 'integer',
  stream_seq: 'bigint',
  conversation_id: 'varchar',
  seq: 'bigint',
  type: 'varchar',
  version: 'integer',
  logged_at: 'timestamptz',
  actor: 'varchar',
  command_id: 'varchar',
  data: 'json',
};

/**
 * Where rows are loaded to. `mortal` says what stands in the place of what an event tells when that is over. What nobody needs to ask is
 * in the schema `parts`.
 */
export const EVENT_TABLES = `
create schema parts;
create table events (${eventColumns.map((name) => `${name} ${columnTypes[name]}`).join(', ')});
create table unreadable (partition integer, stream_seq bigint, reason varchar);
create table parts.mortal (partition integer, stream_seq bigint, ends timestamptz, untold json);`;

/** Takes out of the table what may not be told any more. */
export const UNTELL = `
update events set data = untold from parts.mortal as mortal
 where mortal.partition = events.partition and mortal.stream_seq = events.stream_seq and ends <= now();
delete from parts.mortal where ends <= now();`;

/** Writes rows a column at a time, in the chunks that DuckDB itself works on; they are in the tables after `flush`. */
export type EventWriter = {
  add(row: EventRow): void;
  addFault(fault: Fault): void;
  flush(): void;
};

export async function openEventWriter(duckdb: DuckDb, connection: Connection): Promise<EventWriter> {
  const { INTEGER, BIGINT, VARCHAR, TIMESTAMPTZ, DuckDBTimestampTZValue } = duckdb;
  const time = (ms: number) => new DuckDBTimestampTZValue(BigInt(ms) * 1_000n);
  const events = await openTable(duckdb, connection, 'events', [
    INTEGER,
    BIGINT,
    VARCHAR,
    BIGINT,
    VARCHAR,
    INTEGER,
    TIMESTAMPTZ,
    VARCHAR,
    VARCHAR,
    VARCHAR,
  ]);
  const unreadable = await openTable(duckdb, connection, 'unreadable', [INTEGER, BIGINT, VARCHAR]);
  const mortals = await openTable(
    duckdb,
    connection,
    'mortal',
    [INTEGER, BIGINT, TIMESTAMPTZ, VARCHAR],
    'parts',
  );
  return {
    add({ partition, streamSeq, event, data, mortal }) {
      const { conversationId, seq, type, version, at, actor, commandId } = event;
      const place = BigInt(streamSeq);
      events.add([
        partition,
        place,
        conversationId,
        BigInt(seq),
        type,
        version,
        time(at),
        actor,
        commandId,
        JSON.stringify(data),
      ]);
      if (mortal !== undefined)
        mortals.add([partition, place, time(mortal.ends), JSON.stringify(mortal.untold)]);
    },
    addFault({ partition, streamSeq, reason }) {
      unreadable.add([partition, BigInt(streamSeq), reason]);
    },
    flush() {
      for (const table of [events, unreadable, mortals]) table.flush();
    },
  };
}

type Value = Parameters<import('@duckdb/node-api').DuckDBDataChunk['setColumnValues']>[1][number];

async function openTable(
  { DuckDBDataChunk }: DuckDb,
  connection: Connection,
  name: string,
  types: readonly DuckDBType[],
  schema = 'main',
) {
  const appender = await connection.createAppender(name, schema);
  const columns: Value[][] = types.map(() => []);
  const write = (): void => {
    const chunk = DuckDBDataChunk.create(types);
    chunk.setColumns(columns);
    appender.appendDataChunk(chunk);
    for (const column of columns) column.length = 0;
  };
  return {
    add(row: readonly Value[]): void {
      for (let index = 0; index < row.length; index++) columns[index]?.push(row[index] as Value);
      if (columns[0]?.length === CHUNK) write();
    },
    flush(): void {
      if (columns[0]?.length !== 0) write();
      appender.flushSync();
    },
  };
}

/** Rows of a chunk: DuckDB's vector size. */
const CHUNK = 2_048;
