import { stringify } from 'csv-stringify/sync';
import { eventColumns } from '../columns.js';
import type { Told } from '../logged.js';

/** Rows of `eventColumns`; `logged_at` is ISO 8601, `data` JSON. Quoted as RFC 4180 says, with a line feed at the end of each. */
export const csv = (events: readonly Told[]): string =>
  stringify(
    events.map(({ partition, streamSeq, event }) => [
      partition,
      streamSeq,
      event.conversationId,
      event.seq,
      event.type,
      event.version,
      new Date(event.at).toISOString(),
      event.actor,
      event.commandId,
      JSON.stringify(event.data),
    ]),
  );

/** The line of the columns' names. */
export const csvHead = `${eventColumns.join(',')}\n`;
