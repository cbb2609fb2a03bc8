import { setTimeout as sleep } from 'node:timers/promises';
import { askNode } from '@parley/infra/voice/questions';
import { ALIVE_MS } from '@parley/infra/voice/registry';
import { Command, InvalidArgumentError, Option } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import { onInterrupt } from '../terminal/interrupt.js';
import { natsOption } from '../terminal/log-access.js';
import { redisOption, type VoiceAccess, type VoiceFlags, withVoice } from './voice-access.js';

/** `parley voice drain`: a node gives its calls away and leaves. */
export const drainVerb = (): Command =>
  new Command('drain')
    .description('Have a node take no calls any more, give away those it has, and leave.')
    .argument('<node>', 'its name, as `parley voice nodes` lists it')
    .addOption(
      new Option('--within <seconds>', "less time than the node's own PARLEY_VOICE_DRAIN").argParser(seconds),
    )
    .option('--last', 'also where no other node takes calls: those it has end there')
    .addOption(natsOption())
    .addOption(redisOption())
    .option('--json', 'print it as JSON')
    .addHelpText('after', HELP)
    .action((node: string, flags: Flags) => withVoice(flags, (access) => drain(access, node, flags)));

const HELP = `
Calls are moved a few at a time, or more where there are many: their people go to the next node first and leave this one then. What is left when the time
is over is moved at once. Ctrl-C stops the watching alone, the node goes on. A process manager may start another one in its place, which is another node.

Example:
  $ parley voice drain sfu-4b1f00c2d9e8 --within 20`;

type Flags = VoiceFlags & { readonly within?: number; readonly last?: true };

/** Seconds that a node may take to leave after its time is over; its own time is not known here. */
const LEAVE_S = 15;
const LONGEST_S = 3_600;

/** Milliseconds between two looks, and for which it answers a question. */
const LOOK_MS = 300;
const ANSWER_MS = 2_000;

async function drain(access: VoiceAccess, node: string, flags: Flags): Promise<void> {
  const known = await access.nodes();
  const others = known.filter(
    ({ beat, ageMs }) => beat.node !== node && beat.state === 'ready' && ageMs <= ALIVE_MS,
  );
  if (others.length === 0 && !flags.last && known.some(({ beat }) => beat.node === node))
    throw new CliError(
      'no other node takes calls: start one first, or say --last if its calls may end',
      exitCodes.busy,
    );
  const question = {
    method: 'node.drain',
    ...(flags.within === undefined ? {} : { seconds: flags.within }),
  } as const;
  const asked = await askNode(access.nats, node, question, ANSWER_MS);
  if (asked.tag === 'nobody')
    throw new CliError(`there is no node ${node}: \`parley voice nodes\` lists them`, exitCodes.noInput);
  if (asked.tag !== 'answer') throw new CliError(`${node} does not answer`, exitCodes.unavailable);

  const startedAt = Date.now();
  const isGone = await watchGoing(access, node, flags);
  const took = (Date.now() - startedAt) / 1_000;
  if (isGone === undefined) {
    process.stderr.write(`${node} goes on without being watched\n`);
    process.exitCode = exitCodes.interrupted;
    return;
  }
  if (!isGone)
    throw new CliError(`${node} has not left after ${Math.round(took)} s: see its log`, exitCodes.failed);
  process.stdout.write(
    flags.json
      ? `${JSON.stringify({ node, seconds: Number(took.toFixed(1)) })}\n`
      : `${node} is gone after ${took.toFixed(1)} s\n`,
  );
}

/** True when it is gone, false when it does not go, undefined by Ctrl-C. */
async function watchGoing(
  { nats, heard }: VoiceAccess,
  node: string,
  flags: Flags,
): Promise<boolean | undefined> {
  using interrupt = onInterrupt();
  const { signal } = interrupt;
  const until = Date.now() + ((flags.within ?? LONGEST_S) + LEAVE_S) * 1_000;
  let told: number | undefined;
  while (!signal.aborted && Date.now() < until) {
    if ((await askNode(nats, node, { method: 'node.ping' }, ANSWER_MS)).tag === 'nobody') return true;
    const calls = heard.nodes().find((beat) => beat.node === node)?.load.calls;
    if (calls !== undefined && calls !== told && !flags.json) process.stderr.write(`${calls} calls left\n`);
    told = calls ?? told;
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
  return signal.aborted ? undefined : false;
}

function seconds(text: string): number {
  const value = Number(text);
  if (/^\d{1,4}$/.test(text) && value <= LONGEST_S) return value;
  throw new InvalidArgumentError(`Whole seconds from 0 to ${LONGEST_S}, such as 20.`);
}
