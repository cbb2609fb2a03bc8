import type { Vault } from '@parley/infra/vault/vault';
import { exitCodes } from '../exit-codes.js';
import { readHistory } from '../replay/read-source.js';
import { type Selection, selects } from '../replay/selection.js';
import { sourcesOf } from '../replay/sources.js';
import { CliError } from '../terminal/cli-error.js';
import type { LogAccess } from '../terminal/log-access.js';
import type { Progress } from '../terminal/progress.js';
import type { EventWriter } from './event-table.js';
import { writeEvents } from './write-events.js';

export type LoadOptions = {
  /** Without it bodies and titles stay sealed. */
  readonly vault?: Vault | undefined;
  readonly signal: AbortSignal;
  readonly progress: (total: number) => Progress | undefined;
  /** Per partition the stream sequence that is loaded already. */
  readonly positions?: ReadonlyMap<number, number>;
  /** Told how far a partition is, and how many events came. */
  readonly onPassed?: (passed: ReadonlyMap<number, number>, events: number) => Promise<void>;
};

/**
 * Loads the log, or part of it, as it is now. In memory at a time: two batches.
 *
 * @throws CliError where there is no such partition or conversation, and when it is broken off
 */
export async function loadLog(
  writer: EventWriter,
  log: LogAccess,
  selection: Selection,
  { vault, signal, progress, positions = new Map(), onPassed }: LoadOptions,
): Promise<void> {
  const after = { partitions: log.partitions, passed: positions };
  const sources = await sourcesOf(log, selection, { after, follow: false });
  const bar = progress(sources.reduce((sum, source) => sum + Math.max(0, source.upTo - source.after), 0));
  const reading = { wants: selects(selection), signal, onFault: writer.addFault };
  try {
    for (const source of sources) {
      let reached = source.after;
      for await (const { events, passed } of readHistory(log, source, reading)) {
        await writeEvents(writer, events, vault);
        await onPassed?.(passed, events.length);
        const now = passed.get(source.partition) ?? reached;
        bar?.step(now - reached);
        reached = now;
      }
    }
  } finally {
    bar?.stop();
  }
  writer.flush();
  if (signal.aborted) throw new CliError('broken off', exitCodes.interrupted);
}
