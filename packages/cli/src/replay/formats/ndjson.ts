import type { Told } from '../logged.js';

/** An event a line. What is as the log has it is copied from there: an event is parsed to be judged, and not made again. */
export function ndjson(events: readonly Told[]): Uint8Array {
  const lines = events.map(({ event, json }) => json ?? Buffer.from(JSON.stringify(event)));
  const text = Buffer.allocUnsafe(lines.reduce((bytes, line) => bytes + line.length + 1, 0));
  let at = 0;
  for (const line of lines) {
    text.set(line, at);
    at += line.length;
    text[at++] = NEWLINE;
  }
  return text;
}

const NEWLINE = 0x0a;
