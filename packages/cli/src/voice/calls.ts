import type { PlacedCall } from '@parley/infra/voice/placements';
import { ALIVE_MS } from '@parley/infra/voice/registry';
import { Command } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import { natsOption } from '../terminal/log-access.js';
import { paints, writeLine } from '../terminal/print.js';
import { number, tableOf } from '../terminal/table.js';
import { redisOption, type VoiceFlags, withVoice } from './voice-access.js';

/** `parley voice calls`: which node carries which call. */
export const callsVerb = (): Command =>
  new Command('calls')
    .description('List the calls that nodes carry: where each is, since when, and who takes its listeners.')
    .addOption(natsOption())
    .addOption(redisOption())
    .option('--json', 'print it as JSON')
    .addHelpText('after', HELP)
    .action(async (flags: VoiceFlags) => {
      await withVoice(flags, async ({ placements, nodes }) => {
        const known = await nodes();
        const alive = known.flatMap(({ beat, ageMs }) => (ageMs <= ALIVE_MS ? beat.node : []));
        const calls: Call[] = [];
        try {
          for await (const call of placements.scan()) calls.push(callOf(call, new Set(alive)));
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error);
          throw new CliError(
            `Redis does not say where calls are (${reason}): \`parley voice nodes\` says how many each node has`,
            exitCodes.unavailable,
          );
        }
        calls.sort(
          (a, b) => a.node.localeCompare(b.node) || a.conversationId.localeCompare(b.conversationId),
        );
        await print(calls, flags);
      });
    });

const HELP = `
A call that goes on as a mesh is on no node, and is not listed. Seats are counted as they were given; one that was not given back is found within seconds.
Ends with 2 where the node of a call is gone: whoever is in it is told to go to another.

Examples:
  $ parley voice calls
  $ parley voice calls --json | jq -r '.calls[] | select(.alive | not) | .conversationId'`;

type Call = PlacedCall & { readonly placedAt: string; readonly alive: boolean };

/** A fence is the time in ms at which it was given, or a little above. */
const callOf = (call: PlacedCall, alive: ReadonlySet<string>): Call => ({
  ...call,
  placedAt: new Date(call.fence).toISOString(),
  alive: alive.has(call.node),
});

async function print(calls: readonly Call[], { json }: VoiceFlags): Promise<void> {
  process.exitCode = calls.every(({ alive }) => alive) ? exitCodes.done : exitCodes.unhealthy;
  if (json) return void (await writeLine(process.stdout, JSON.stringify({ calls })));
  if (calls.length === 0) return void (await writeLine(process.stdout, 'no call is on a node'));
  const { red } = paints(process.stdout);
  const rows = calls.map(({ conversationId, call, node, alive, placedAt, seats }) => [
    conversationId,
    call,
    alive ? node : red(`${node} (gone)`),
    placedAt.slice(0, 19).replace('T', ' '),
    seats[node] ?? 0,
    Object.entries(seats)
      .flatMap(([edge, taken]) => (edge === node ? [] : `${edge} ${taken}`))
      .join(', '),
  ]);
  const columns = ['conversation', number('call'), 'node', 'placed (UTC)', number('seats'), 'edges'];
  await writeLine(process.stdout, tableOf(columns, rows));
}
