import { open } from 'node:fs/promises';

/** What a service said last of its own fault, from the end of its log, or undefined. */
export function lastWords(logEnd: string): string | undefined {
  for (const line of logEnd.trimEnd().split('\n').reverse()) {
    const { level, msg, err } = record(line);
    if (typeof level === 'number' && level < ERROR) return undefined;
    const cause = record(err).message;
    const words = [msg, cause].filter((word) => typeof word === 'string' && word !== '');
    if (words.length > 0) return words.join(': ');
    const thrown = /^(?:\w*Error)(?: \[\w+\])?: .+$/.exec(line);
    if (thrown !== null) return thrown[0];
  }
  return undefined;
}

/** The level from which pino's lines are faults. */
const ERROR = 50;

/** Bytes at the end of a log that are looked at. */
const END_BYTES = 8_192;

/** The end of a file, or nothing when it cannot be read. */
export async function endOfFile(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    const from = Math.max(0, size - END_BYTES);
    const { buffer, bytesRead } = await file.read({ position: from, buffer: Buffer.alloc(END_BYTES) });
    return buffer.toString('utf8', 0, bytesRead);
  } catch {
    return '';
  }
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  try {
    const parsed: unknown = typeof value === 'string' ? JSON.parse(value) : undefined;
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
