import type { NodeBeat } from '@parley/infra/voice/beat';
import { ALIVE_MS, type KnownNode } from '@parley/infra/voice/registry';
import { Command } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { natsOption } from '../terminal/log-access.js';
import { lookAgain } from '../terminal/look-again.js';
import { grouped, paints, writeLine } from '../terminal/print.js';
import { number, tableOf } from '../terminal/table.js';
import { redisOption, type VoiceFlags, withVoice } from './voice-access.js';

/** `parley voice nodes`: who carries calls, and how loaded they are. */
export const nodesVerb = (): Command =>
  new Command('nodes')
    .description('List the SFU nodes with what they carry, and how long ago each was heard of.')
    .option('--watch', 'look again and again, until Ctrl-C')
    .addOption(natsOption())
    .addOption(redisOption())
    .option('--json', 'print it as JSON; with --watch one line for each look')
    .addHelpText('after', HELP)
    .action(async (flags: Flags) => {
      await withVoice(flags, async ({ nodes }) => {
        const show = (known: readonly KnownNode[]) => print(known, flags);
        if (flags.watch) await lookAgain(nodes, show, flags);
        else await show(await nodes());
      });
    });

const HELP = `
A node that was not heard of for 2.5 s is lost; it is listed for a minute. CPU is that of the busiest media worker, the rate in and out together.
While Redis is away the nodes are listened to for a second. Ends with 2 where no node takes calls.

Examples:
  $ parley voice nodes
  $ parley voice nodes --watch`;

type Flags = VoiceFlags & { readonly watch?: true };

/** False where nobody reads any more. */
function print(known: readonly KnownNode[], { json }: Flags): Promise<boolean> {
  const nodes = known
    .map(({ beat, ageMs }) => ({ ...beat, state: ageMs > ALIVE_MS ? ('lost' as const) : beat.state, ageMs }))
    .sort((a, b) => a.region.localeCompare(b.region) || a.node.localeCompare(b.node));
  const isHealthy = nodes.some(({ state }) => state === 'ready');
  process.exitCode = isHealthy ? exitCodes.done : exitCodes.unhealthy;
  if (json) return writeLine(process.stdout, JSON.stringify({ nodes }));
  if (nodes.length === 0)
    return writeLine(process.stdout, 'no SFU node is there: calls go on as a mesh, larger ones wait');
  const rows = nodes.map(({ node, region, state, load, ageMs }) => [
    node,
    region,
    inColour(state),
    `${Math.round(load.cpu * 100)} %`,
    grouped(load.calls),
    grouped(load.participants),
    grouped(load.consumers),
    `${(load.bitrate / 1_000_000).toFixed(1)} Mbit/s`,
    `${(ageMs / 1_000).toFixed(1)} s`,
  ]);
  return writeLine(process.stdout, tableOf(COLUMNS, rows));
}

const COLUMNS = [
  'node',
  'region',
  'state',
  number('CPU'),
  number('calls'),
  number('people'),
  number('consumers'),
  number('rate'),
  number('heard'),
];

function inColour(state: NodeBeat['state'] | 'lost'): string {
  const { green, yellow, red } = paints(process.stdout);
  switch (state) {
    case 'ready':
      return green(state);
    case 'starting':
    case 'draining':
      return yellow(state);
    case 'lost':
      return red(state);
    default:
      return state satisfies never;
  }
}
