import { readFile, rename, writeFile } from 'node:fs/promises';
import { shape } from '@parley/domain/shape';
import { boundedInteger } from '@parley/domain/text';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import { explainWriting } from '../terminal/whole-file.js';
import { formatPosition, type Position, parsePosition } from './position.js';

/** A position, and how long the file of events was when it was passed, in bytes, where they go to one that grows. */
export type Saved = { readonly position: Position; readonly bytes?: number };

const SavedFile = shape(
  { position: t.string },
  { bytes: boundedInteger('bytes', 0, Number.MAX_SAFE_INTEGER) },
);

/** Milliseconds between two saves. */
const SAVE_EVERY_MS = 1_000;

export type PositionKeeper = {
  /** Says what is passed now; it is saved at once or within a second. */
  passed(saved: Saved): Promise<void>;
  /** Saves what was said last. */
  close(): Promise<void>;
};

/**
 * Keeps a position in a file, which has an old one or the new one and never half of one.
 *
 * @param before what has to be done before a position may be believed
 */
export function keepPosition(path: string, before: () => Promise<void>): PositionKeeper {
  let latest: Saved | undefined;
  let savedAt = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let saving = Promise.resolve();

  const save = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    saving = saving.then(async () => {
      if (latest === undefined) return;
      const saved = latest;
      latest = undefined;
      savedAt = performance.now();
      await before();
      await writeSaved(path, saved);
    });
    return saving;
  };

  return {
    async passed(saved) {
      latest = saved;
      if (performance.now() - savedAt > SAVE_EVERY_MS) return save();
      // What fails is told to who comes next.
      timer ??= setTimeout(() => save().catch(() => undefined), SAVE_EVERY_MS);
    },
    close: save,
  };
}

async function writeSaved(path: string, { position, bytes }: Saved): Promise<void> {
  const draft = `${path}.${process.pid}.new`;
  const text = JSON.stringify({
    position: formatPosition(position),
    ...(bytes === undefined ? {} : { bytes }),
  });
  try {
    await writeFile(draft, `${text}\n`);
    await rename(draft, path);
  } catch (error) {
    explainWriting(path, error);
  }
}

/**
 * What is saved in a file; undefined where there is none.
 *
 * @throws CliError where it is something else
 */
export async function readSaved(path: string): Promise<Saved | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const saved = savedIn(text);
  if (saved !== undefined) return saved;
  throw new CliError(`${path} holds no position of a replay: name another file`, exitCodes.badData);
}

function savedIn(text: string): Saved | undefined {
  const file = SavedFile.decode(parsed(text));
  if (E.isLeft(file)) return undefined;
  const { position, bytes } = file.right;
  const read = parsePosition(position);
  if (E.isLeft(read)) return undefined;
  return { position: read.right, ...(bytes === undefined ? {} : { bytes }) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
