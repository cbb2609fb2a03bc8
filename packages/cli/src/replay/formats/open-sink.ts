import type { Output } from '../../terminal/output.js';
import type { Told } from '../logged.js';
import { cloudEvents } from './cloud-events.js';
import { csv, csvHead } from './csv.js';
import { ndjson } from './ndjson.js';
import { parquetSink } from './parquet.js';
import type { Sink } from './sink.js';

export const formats = ['ndjson', 'csv', 'cloudevents', 'parquet'] as const;
export type Format = (typeof formats)[number];

/** Formats that are text, of which any part is good for something: the others are whole at their end. */
const textFormats = { ndjson, csv, cloudevents: cloudEvents } as const;

export const isText = (format: Format): format is keyof typeof textFormats => format in textFormats;

/** @param goesOn behind what was written before, so that nothing is to be put at the top */
export function openSink(format: Format, output: Output, goesOn: boolean): Sink {
  if (!isText(format)) return parquetSink(output);
  const text: (events: readonly Told[]) => string | Uint8Array = textFormats[format];
  let head = format === 'csv' && !goesOn ? csvHead : undefined;
  const writeHead = async (): Promise<boolean> => {
    const isRead = head === undefined || (await output.write(head));
    head = undefined;
    return isRead;
  };
  return {
    write: async (events) => (await writeHead()) && (events.length === 0 || output.write(text(events))),
    finish: async () => void (await writeHead()),
  };
}
