import type { Envelope } from '@parley/domain/log/envelope';
import { streamName } from '@parley/infra/log/subjects';
import type { Vault } from '@parley/infra/vault/vault';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import type { LogAccess } from '../terminal/log-access.js';
import type { Sink } from './formats/sink.js';
import type { Fault } from './logged.js';
import { asTheyCome, inTurn, mergedByTime } from './order.js';
import { paced } from './pace.js';
import type { ReplayFlags } from './plan.js';
import type { Position } from './position.js';
import { type Reading, readHistory, readLive } from './read-source.js';
import type { Run } from './run.js';
import { type Selection, selects } from './selection.js';
import type { Source } from './sources.js';
import { tell } from './tell.js';

/** How a replay went. */
export type Replayed = {
  /** Events that were told, and such as nobody can read. */
  readonly events: number;
  readonly unreadable: number;
  /** Behind what was told. */
  readonly position: Position;
  /** False when its reader had left. */
  readonly isRead: boolean;
};

export type Replaying = {
  readonly log: LogAccess;
  readonly sources: readonly Source[];
  readonly selection: Selection;
  readonly flags: Pick<ReplayFlags, 'merge' | 'speed' | 'follow' | 'strict'>;
  readonly vault: Vault | undefined;
  /** Ends the replay where it is whole. */
  readonly signal: AbortSignal;
  /** Told of what is written now; the next events wait for it. */
  readonly onPassed: (position: Position) => void | Promise<void>;
};

/**
 * Reads what is selected and writes it; a run of events counts as passed when it is written.
 *
 * @throws CliError at an event that cannot be read, where that is asked for
 */
export async function runReplay(replaying: Replaying, sink: Sink): Promise<Replayed> {
  const { log, sources, vault, signal, onPassed } = replaying;
  const ended = new AbortController();
  let position: Position = {
    partitions: log.partitions,
    passed: new Map(sources.map(({ partition, after }) => [partition, after])),
  };
  let [events, unreadable, isRead] = [0, 0, true];
  let begins = Number.POSITIVE_INFINITY;
  const selected = selects(replaying.selection);
  const wants = (event: Envelope): boolean => {
    begins = Math.min(begins, event.at);
    return selected(event);
  };
  const onFault = (fault: Fault): void => {
    unreadable++;
    nameFault(fault, replaying.flags.strict === true);
  };
  try {
    const either = AbortSignal.any([signal, ended.signal]);
    for await (const run of runsOf(replaying, { wants, onFault, signal: either })) {
      // What was merged from then on lacks the partitions that have ended.
      if (signal.aborted) break;
      isRead = await sink.write(await tell(run.events, vault));
      if (!isRead) break;
      events += run.events.length;
      position = { ...position, passed: new Map([...position.passed, ...run.passed]) };
      await onPassed(position);
    }
  } finally {
    ended.abort();
  }
  if (events === 0 && isRead && !signal.aborted) requireTime(begins, replaying);
  return { events, unreadable, position, isRead };
}

/** Nothing is an answer, but not to a question about a time before all there is: a year was mistaken. */
function requireTime(begins: number, { sources, selection: { until } }: Replaying): void {
  const isWhole = sources.every(({ after }) => after === 0);
  if (isWhole && until !== undefined && until <= begins && begins < Number.POSITIVE_INFINITY)
    throw new CliError(
      `what is asked for begins at ${new Date(begins).toISOString()}, and --until is before it`,
      exitCodes.noInput,
    );
}

async function* runsOf({ log, sources, flags }: Replaying, reading: Reading): AsyncGenerator<Run> {
  const { signal } = reading;
  const isMerged = flags.merge === 'time' || flags.speed !== undefined;
  const history = sources.map((source) => readHistory(log, source, reading));
  const past = isMerged ? mergedByTime(history) : inTurn(history);
  yield* flags.speed === undefined ? past : paced(past, flags.speed, signal);
  if (!flags.follow || signal.aborted) return;
  const live = sources.map((source) => readLive(log, source, Math.max(source.after, source.upTo), reading));
  yield* asTheyCome(live);
}

function nameFault({ partition, streamSeq, reason }: Fault, isStrict: boolean): void {
  const sentence = `${streamName(partition)}:${streamSeq} cannot be read: ${reason}`;
  if (isStrict) throw new CliError(sentence, exitCodes.badData);
  process.stderr.write(`parley: ${sentence}\n`);
}
