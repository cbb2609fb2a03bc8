import { requireVersion, rollbackVersion } from '@parley/infra/read-model/versions';
import { Command } from 'commander';
import { type DatabaseFlags, databaseOption, withDatabase } from '../terminal/database.js';
import { printSwitch } from './print-switch.js';

/** `parley projections rollback`: serves the build again that was served before. */
export const rollbackVerb = (): Command =>
  new Command('rollback')
    .description('Serve the version of the read model again that was served before the last switch.')
    .addOption(databaseOption())
    .option('--json', 'print the answer as JSON')
    .addHelpText(
      'after',
      '\nIt was followed all the while, so nothing is missing in it. A second rollback takes the first back.\n\nExample:\n  $ parley projections rollback',
    )
    .action(rollback);

const rollback = ({ json, ...flags }: DatabaseFlags & { readonly json?: true }): Promise<void> =>
  withDatabase(flags, async ({ pool }) => {
    const served = await rollbackVersion(pool);
    await printSwitch(pool, await requireVersion(pool, served), json);
  });
