import { promoteVersion, requireVersion } from '@parley/infra/read-model/versions';
import { requireFollowed } from '@parley/projector/versions/require-followed';
import { Command } from 'commander';
import { type DatabaseFlags, databaseOption, withDatabase } from '../terminal/database.js';
import { printSwitch } from './print-switch.js';
import { versionNumber } from './version-number.js';

/** `parley projections promote`: serves another build. */
export const promoteVerb = (): Command =>
  new Command('promote')
    .description('Serve another version of the read model, by one statement: queries see it within a second.')
    .argument('<version>', 'its number', versionNumber)
    .option('--unverified', 'also where `verify` has not shown that its rows are what the log says')
    .option('--behind', 'also where it stands behind the one that is served, or nobody follows it')
    .addOption(databaseOption())
    .option('--json', 'print the answer as JSON')
    .addHelpText('after', HELP)
    .action(promote);

const HELP = `
The version that was served stays, is followed on, and is what \`parley projections rollback\` goes back to. Projectors move what has effects
(expiry, erasures, the cache) over to the new one by themselves.

Example:
  $ parley projections promote 2`;

type Flags = DatabaseFlags & {
  readonly unverified?: boolean;
  readonly behind?: true;
  readonly json?: true;
};

const promote = (version: number, { unverified = false, behind, json, ...flags }: Flags): Promise<void> =>
  withDatabase(flags, async ({ pool }) => {
    if (!behind) await requireFollowed(pool, version);
    await promoteVersion(pool, version, { unverified });
    await printSwitch(pool, await requireVersion(pool, version), json);
  });
