import type { EventType } from '@parley/domain/conversation/events';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import type { OutputFlags } from '../terminal/output.js';
import { type Format, isText } from './formats/open-sink.js';
import type { Position } from './position.js';
import type { Selection } from './selection.js';

/** Which events are meant, as the command line says it. */
export type SelectionFlags = {
  readonly conversation?: readonly string[];
  readonly partition?: readonly number[];
  readonly type?: readonly EventType[];
  readonly actor?: readonly string[];
  readonly since?: number;
  readonly until?: number;
};

/** What is given on the command line. */
export type ReplayFlags = OutputFlags &
  SelectionFlags & {
    readonly fromSeq?: number;
    readonly toSeq?: number;
    readonly after?: Position;
    readonly upTo?: Position;
    readonly merge?: 'time';
    readonly speed?: number;
    readonly follow?: true;
    readonly format: Format;
    readonly openBodies?: true;
    readonly strict?: true;
    readonly positionFile?: string;
    readonly json?: true;
    readonly nats?: string;
  };

/**
 * Which events the flags mean.
 *
 * @throws CliError where they do not fit together
 */
export function selectionOf(
  flags: SelectionFlags & Partial<ReplayFlags>,
  now: number = Date.now(),
): Selection {
  const { since, until, fromSeq, toSeq, conversation } = flags;
  if (since !== undefined && until !== undefined && since >= until)
    throw unusable('--since is not before --until: nothing is between them');
  if (since !== undefined && since > now && !flags.follow)
    throw unusable('--since is in the future: nothing is there yet; --follow waits for it');
  if ((fromSeq !== undefined || toSeq !== undefined) && conversation === undefined)
    throw unusable('--from-seq and --to-seq are places in a conversation: name it by --conversation');
  if (fromSeq !== undefined && toSeq !== undefined && fromSeq > toSeq)
    throw unusable('--from-seq is behind --to-seq: nothing is between them');
  if (flags.format === 'parquet' && flags.out === undefined)
    throw unusable('Parquet is no stream, its contents are listed at its end: write it to a file by --out');
  return {
    ...given('conversations', conversation),
    ...given('partitions', flags.partition),
    ...given('types', flags.type),
    ...given('actors', flags.actor),
    ...given('since', since),
    ...given('until', until),
    ...given('fromSeq', fromSeq),
    ...given('toSeq', toSeq),
  };
}

/** Whether events go to a file that grows and is kept wherever the replay ends: another run goes on in it. */
export const isGrowing = ({ out, positionFile, format }: ReplayFlags): boolean =>
  out !== undefined && positionFile !== undefined && isText(format);

const given = <K extends keyof Selection>(key: K, value: Selection[K]): Pick<Selection, K> | object =>
  value === undefined ? {} : { [key]: value };

const unusable = (sentence: string): CliError => new CliError(sentence, exitCodes.usage);
