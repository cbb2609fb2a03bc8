import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { Output } from '../../terminal/output.js';
import type { EventColumn } from '../columns.js';
import type { Told } from '../logged.js';
import type { Sink } from './sink.js';

/** Rows written at once: the memory that a replay needs is that of a few such groups. */
const GROUP = 10_000;

/**
 * A Parquet file of `eventColumns`: `logged_at` a time with zone in ms, `data` JSON. It can be read when it is finished: the table of its
 * contents is at its end.
 */
export function parquetSink(output: Output): Sink {
  const bytes = new ByteWriter();
  const file = new ParquetWriter({ writer: bytes, schema: SCHEMA, createdBy: 'parley' });
  let rows: Told[] = [];

  /** What the writer has made so far goes out; its own count of what there was goes on. */
  const flush = async (): Promise<boolean> => {
    const made = bytes.getBytes();
    const isRead = made.length === 0 || (await output.write(made));
    bytes.index = 0;
    return isRead;
  };

  const writeGroup = (): Promise<boolean> => {
    const columnData = COLUMNS.map(({ name, of, ...how }) => ({ name, data: rows.map(of), ...how }));
    if (rows.length > 0) void file.write({ columnData, rowGroupSize: GROUP });
    rows = [];
    return flush();
  };

  return {
    async write(events) {
      for (const event of events) {
        rows.push(event);
        if (rows.length === GROUP && !(await writeGroup())) return false;
      }
      return true;
    },
    async finish() {
      await writeGroup();
      void file.finish();
      await flush();
    },
  };
}

type Column = {
  readonly name: EventColumn;
  readonly of: (told: Told) => unknown;
  readonly encoding?: 'PLAIN' | 'DELTA_BINARY_PACKED';
  readonly statistics?: boolean;
};

/** Numbers that grow take a bit or two; of texts that are all different a dictionary and the least and greatest are a waste. */
const GROWING = { encoding: 'DELTA_BINARY_PACKED' } as const;
const DIFFERENT = { encoding: 'PLAIN', statistics: false } as const;

const COLUMNS: readonly Column[] = [
  { name: 'partition', of: ({ partition }) => partition },
  { name: 'stream_seq', of: ({ streamSeq }) => BigInt(streamSeq), ...GROWING },
  { name: 'conversation_id', of: ({ event }) => event.conversationId },
  { name: 'seq', of: ({ event }) => BigInt(event.seq), ...GROWING },
  { name: 'type', of: ({ event }) => event.type },
  { name: 'version', of: ({ event }) => event.version },
  { name: 'logged_at', of: ({ event }) => BigInt(event.at), ...GROWING },
  { name: 'actor', of: ({ event }) => event.actor },
  { name: 'command_id', of: ({ event }) => event.commandId, ...DIFFERENT },
  { name: 'data', of: ({ event }) => event.data, ...DIFFERENT },
];

const REQUIRED = { repetition_type: 'REQUIRED' } as const;
const INT = { type: 'INT32', ...REQUIRED } as const;
const LONG = { type: 'INT64', ...REQUIRED } as const;
const TEXT = {
  type: 'BYTE_ARRAY',
  converted_type: 'UTF8',
  logical_type: { type: 'STRING' },
  ...REQUIRED,
} as const;
const JSON_TEXT = { type: 'BYTE_ARRAY', converted_type: 'JSON', ...REQUIRED } as const;
const TIME = {
  type: 'INT64',
  converted_type: 'TIMESTAMP_MILLIS',
  logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
  ...REQUIRED,
} as const;

const TYPES = {
  partition: INT,
  stream_seq: LONG,
  conversation_id: TEXT,
  seq: LONG,
  type: TEXT,
  version: INT,
  logged_at: TIME,
  actor: TEXT,
  command_id: TEXT,
  data: JSON_TEXT,
} as const satisfies Record<EventColumn, object>;

const SCHEMA = [
  { name: 'events', num_children: COLUMNS.length },
  ...COLUMNS.map(({ name }) => ({ name, ...TYPES[name] })),
];
