/**
 * Columns of an event where it is a row: in tables of `parley query`, and in CSV and Parquet that `parley replay` writes.
 *
 * - `partition`, `stream_seq`: where it is in the log; the stream is `CONV_<partition>`
 * - `logged_at`: `at` of the envelope, as a time with zone UTC (in CSV ISO 8601). AT is a reserved word of SQL: as a column it would
 *   have to be quoted wherever it is named
 * - `data`: JSON text
 */
export const eventColumns = [
  'partition',
  'stream_seq',
  'conversation_id',
  'seq',
  'type',
  'version',
  'logged_at',
  'actor',
  'command_id',
  'data',
] as const;

export type EventColumn = (typeof eventColumns)[number];
