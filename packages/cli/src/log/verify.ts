import { type VerifiedLog, verifyLog } from '@parley/infra/log/inspection/verify-log';
import { accountStreamName, streamName } from '@parley/infra/log/subjects';
import { Command } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import { onInterrupt } from '../terminal/interrupt.js';
import { type LogAccess, natsOption, openLog } from '../terminal/log-access.js';
import { grouped, paints } from '../terminal/print.js';
import { createProgress } from '../terminal/progress.js';

/** `parley log verify`: whether the log is whole. */
export const verifyVerb = (): Command =>
  new Command('verify')
    .description(
      'Read the whole log: can each event be read, and are the seqs of each conversation dense from 1?',
    )
    .addOption(natsOption())
    .option('--json', 'print what was found as JSON, and no progress')
    .addHelpText(
      'after',
      `
Events of every version are brought to their newest form on the way. What an erasure took out of the log is no fault: the log says so further on. Ends with 2 when
something is wrong; docs/runbooks/log-damaged.md says what to do. Reads only.

Example:
  $ parley log verify && echo whole`,
    )
    .action(verify);

type Flags = { readonly nats?: string; readonly json?: true };

/** Findings that are named; the others are counted. */
const NAMED = 1_000;

/** Of those, on a terminal. */
const PRINTED = 20;

async function verify({ nats, json }: Flags): Promise<void> {
  const log = await openLog(nats);
  using interrupt = onInterrupt();
  try {
    const progress = json ? undefined : createProgress(await eventsIn(log), 'events');
    const verified = await verifyLog(log, {
      most: NAMED,
      signal: interrupt.signal,
      ...(progress && { onRead: progress.step }),
    }).finally(() => progress?.stop());
    if (interrupt.signal.aborted)
      throw new CliError('broken off: nothing is said of what was not read', exitCodes.interrupted);
    if (json) process.stdout.write(`${JSON.stringify(verified)}\n`);
    else print(verified);
    if (faultsIn(verified) > 0) process.exitCode = exitCodes.unhealthy;
  } finally {
    await log.close();
  }
}

async function eventsIn({ jsm, partitions }: LogAccess): Promise<number> {
  const names = Array.from({ length: partitions }, (_, n) => [streamName(n), accountStreamName(n)]).flat();
  const infos = await Promise.all(names.map((name) => jsm.streams.info(name)));
  return infos.reduce((total, { state }) => total + state.messages, 0);
}

const faultsIn = ({ found }: VerifiedLog): number =>
  Object.values(found).reduce((total, count) => total + count, 0);

function print(verified: VerifiedLog): void {
  const { events, conversations, accountEvents, accounts, found, findings } = verified;
  const { green, red } = paints(process.stdout);
  const read = `${grouped(events)} events of ${grouped(conversations)} conversations, ${grouped(accountEvents)} of ${grouped(accounts)} accounts`;
  if (faultsIn(verified) === 0) {
    process.stdout.write(`${green('whole')}: ${read}\n`);
    return;
  }
  const counts = Object.entries(found).flatMap(([kind, count]) =>
    count > 0 ? [`${grouped(count)} ${kind}`] : [],
  );
  process.stdout.write(`${red('not whole')}: ${counts.join(', ')}; ${read}\n`);
  for (const { kind, stream, streamSeq, what } of findings.slice(0, PRINTED))
    process.stdout.write(`  ${stream}:${streamSeq} ${kind}: ${what}\n`);
  const more = faultsIn(verified) - Math.min(PRINTED, findings.length);
  if (more > 0)
    process.stdout.write(`  and ${grouped(more)} more; --json names the first ${grouped(NAMED)}\n`);
  process.stdout.write('docs/runbooks/log-damaged.md says what to do.\n');
}
