import { openVault } from '@parley/infra/vault/open-vault';
import { Command } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { withReplayFlags } from '../replay/flags.js';
import { isGrowing, type ReplayFlags, selectionOf } from '../replay/plan.js';
import { formatPosition, type Position } from '../replay/position.js';
import type { Replayed } from '../replay/run-replay.js';
import { readSaved } from '../replay/saved-position.js';
import { type Source, sourcesOf } from '../replay/sources.js';
import { writeReplay } from '../replay/write-replay.js';
import { CliError } from '../terminal/cli-error.js';
import { onInterrupt } from '../terminal/interrupt.js';
import { openLog } from '../terminal/log-access.js';
import { givenMasterKeys } from '../terminal/master-keys.js';
import { createProgress } from '../terminal/progress.js';

/** `parley replay`: events of the log, in their newest form, as text or as a table. */
export const replayVerb = (): Command =>
  withReplayFlags(
    new Command('replay').description(
      'Write events of the log: all, or those asked for, in one of four formats.',
    ),
  ).action(replay);

async function replay(flags: ReplayFlags): Promise<void> {
  const selection = selectionOf(flags);
  const saved = flags.positionFile === undefined ? undefined : await readSaved(flags.positionFile);
  const after = saved?.position ?? flags.after;
  const masterKeys = flags.openBodies ? await givenMasterKeys() : undefined;
  const log = await openLog(flags.nats);
  const vault = masterKeys && (await openVault({ nats: log.nats, masterKeys }));
  // From here on there is something to end well.
  using interrupt = onInterrupt();
  let position: Position | undefined;
  try {
    const bounds = {
      follow: flags.follow ?? false,
      ...(after && { after }),
      ...(flags.upTo && { upTo: flags.upTo }),
    };
    const sources = await sourcesOf(log, selection, bounds);
    const progress = showProgress(sources, flags);
    const onPassed = (passed: Position): void => {
      position = passed;
      progress?.passed(passed);
    };
    const { signal } = interrupt;
    const replaying = { log, sources, selection, flags, vault, signal, onPassed };
    const replayed = await writeReplay(replaying, flags, saved).finally(() => progress?.stop());
    position = undefined;
    sayEnd(replayed, flags);
    if (signal.aborted && !flags.follow) process.exitCode = exitCodes.interrupted;
  } catch (error) {
    // What was written before is there, and another run may go on behind it.
    if (position !== undefined && (flags.out === undefined || isGrowing(flags))) sayPosition(position);
    throw error;
  } finally {
    await vault?.close();
    await log.close();
  }
}

/** Where its reader left, nobody knows how far that had come. */
function sayEnd({ events, unreadable, position, isRead }: Replayed, { json }: ReplayFlags): void {
  if (json)
    process.stderr.write(`${JSON.stringify({ events, unreadable, position: formatPosition(position) })}\n`);
  else if (isRead) sayPosition(position);
  if (unreadable > 0)
    throw new CliError(`${unreadable} events could not be read; they are named above`, exitCodes.badData);
}

const sayPosition = (position: Position): void =>
  void process.stderr.write(`position ${formatPosition(position)}\n`);

/** Where nothing else is on the terminal. */
function showProgress(sources: readonly Source[], { out, json, follow, speed }: ReplayFlags) {
  if (out === undefined || json || follow || speed !== undefined) return undefined;
  const total = sources.reduce((sum, { after, upTo }) => sum + Math.max(0, upTo - after), 0);
  const progress = createProgress(total, 'events');
  const before = new Map(sources.map(({ partition, after }) => [partition, after]));
  return {
    passed({ passed }: Position): void {
      for (const [partition, streamSeq] of passed) {
        progress.step(streamSeq - (before.get(partition) ?? 0));
        before.set(partition, streamSeq);
      }
    },
    stop: progress.stop,
  };
}
