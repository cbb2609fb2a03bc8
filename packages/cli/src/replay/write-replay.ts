import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import { type Output, withOutput } from '../terminal/output.js';
import { openSink } from './formats/open-sink.js';
import { openGrowing } from './growing-file.js';
import { isGrowing, type ReplayFlags } from './plan.js';
import type { Position } from './position.js';
import { type Replayed, type Replaying, runReplay } from './run-replay.js';
import { keepPosition, type Saved } from './saved-position.js';

/**
 * Writes what is replayed to where the flags say. A file by itself is there when all is in it; one with a position file grows, and
 * another run goes on in it. A position is saved after what it has passed is written.
 *
 * @throws CliError when a file that is to be whole is interrupted
 */
export function writeReplay(
  replaying: Replaying,
  flags: ReplayFlags,
  saved: Saved | undefined,
): Promise<Replayed> {
  return isGrowing(flags) ? intoGrowing(replaying, flags, saved) : intoOutput(replaying, flags);
}

async function intoGrowing(
  replaying: Replaying,
  flags: ReplayFlags,
  saved: Saved | undefined,
): Promise<Replayed> {
  const { out, force = false } = flags;
  const file = await openGrowing(out as string, saved?.bytes, force);
  const keeper = keepPosition(flags.positionFile as string, file.sync);
  try {
    return await write(replaying, flags, file, (saved?.bytes ?? 0) > 0, (position) =>
      keeper.passed({ position, bytes: file.bytes() }),
    );
  } finally {
    await keeper.close();
    await file.close();
  }
}

/** What is written to standard output is there at once; a file is there, and its position true, at the end. */
async function intoOutput(replaying: Replaying, flags: ReplayFlags): Promise<Replayed> {
  const keeper =
    flags.positionFile === undefined ? undefined : keepPosition(flags.positionFile, async () => undefined);
  const isFile = flags.out !== undefined;
  try {
    const replayed = await withOutput(flags, async (output) => {
      const done = await write(replaying, flags, output, false, async (position) =>
        isFile ? undefined : keeper?.passed({ position }),
      );
      if (isFile && replaying.signal.aborted && !flags.follow)
        throw new CliError('interrupted: nothing was written', exitCodes.interrupted);
      return done;
    });
    if (isFile) await keeper?.passed({ position: replayed.position });
    return replayed;
  } finally {
    await keeper?.close();
  }
}

/** @param keep saves what is passed, after it is written */
async function write(
  replaying: Replaying,
  { format }: ReplayFlags,
  output: Output,
  goesOn: boolean,
  keep: (position: Position) => Promise<void>,
): Promise<Replayed> {
  const sink = openSink(format, output, goesOn);
  const onPassed: Replaying['onPassed'] = async (position) => {
    replaying.onPassed(position);
    await keep(position);
  };
  const replayed = await runReplay({ ...replaying, onPassed }, sink);
  await sink.finish();
  return replayed;
}
