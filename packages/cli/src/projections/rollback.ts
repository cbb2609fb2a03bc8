import { listVersions, requireVersion, rollbackVersion } from '@parley/infra/read-model/versions';
import { requireFollowed } from '@parley/projector/versions/require-followed';
import { Command } from 'commander';
import { type DatabaseFlags, databaseOption, withDatabase } from '../terminal/database.js';
import { printSwitch } from './print-switch.js';

/** `parley projections rollback`: serves the build again that was served before. */
export const rollbackVerb = (): Command =>
  new Command('rollback')
    .description('Serve the version of the read model again that was served before the last switch.')
    .option('--behind', 'also where it stands behind the one that is served, or nobody follows it')
    .addOption(databaseOption())
    .option('--json', 'print the answer as JSON')
    .addHelpText(
      'after',
      '\nIt was followed all the while, so nothing is missing in it; where it was not, it is refused. A second rollback takes the first back.\n\nExample:\n  $ parley projections rollback',
    )
    .action(rollback);

type Flags = DatabaseFlags & { readonly behind?: true; readonly json?: true };

const rollback = ({ behind, json, ...flags }: Flags): Promise<void> =>
  withDatabase(flags, async ({ pool }) => {
    const before = (await listVersions(pool)).find(({ role }) => role === 'previous');
    if (before !== undefined && !behind) await requireFollowed(pool, before.version);
    const served = await rollbackVersion(pool);
    await printSwitch(pool, await requireVersion(pool, served), json);
  });
