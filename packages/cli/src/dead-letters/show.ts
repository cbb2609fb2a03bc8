import { Command } from 'commander';
import { type DatabaseFlags, databaseOption, withDatabase } from '../terminal/database.js';
import { grouped, writeLine } from '../terminal/print.js';
import { ageOf } from './age.js';
import { closedPayload } from './closed-payload.js';
import { type LetterId, letterId } from './letter-id.js';
import { requireLetter, type VersionFlags, versionOf, versionOption } from './of-version.js';

/** `parley dead-letters show`: all that is known of one. */
export const showVerb = (): Command =>
  new Command('show')
    .description('Show an event that could not be taken: why, what it holds, and what waits behind it.')
    .argument('<letter>', 'its stream and place, as `list` has it', letterId)
    .addOption(versionOption())
    .addOption(databaseOption())
    .option('--json', 'print it as JSON')
    .addHelpText(
      'after',
      '\nBodies and titles are told by their length.\n\nExample:\n  $ parley dead-letters show CONV_03:1234',
    )
    .action(show);

type Flags = DatabaseFlags & VersionFlags & { readonly json?: true };

const show = (at: LetterId, flags: Flags): Promise<void> =>
  withDatabase(flags, async ({ pool }) => {
    const { payload, ...letter } = await requireLetter(pool, await versionOf(pool, flags), at);
    const holds = payload === undefined ? undefined : closedPayload(payload);
    if (flags.json) return void (await writeLine(process.stdout, JSON.stringify({ ...letter, holds })));
    const { id, version, conversationId, waiting, parkedAt, error } = letter;
    const lines = [
      `letter        ${id}, of version ${version}`,
      `conversation  ${conversationId}`,
      `since         ${parkedAt.toISOString()}, ${ageOf(parkedAt)} ago`,
      `waiting       ${waiting === undefined ? 'nothing: watermarks go on without it' : `${grouped(waiting)} events behind it`}`,
      `why           ${error}`,
      ...(holds === undefined
        ? []
        : [`holds         ${JSON.stringify(holds, undefined, 2).replaceAll('\n', `\n${' '.repeat(14)}`)}`]),
    ];
    await writeLine(process.stdout, lines.join('\n'));
  });
