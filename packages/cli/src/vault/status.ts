import { type VaultStatus, vaultStatus } from '@parley/infra/vault/vault-status';
import { Command } from 'commander';
import { natsOption } from '../terminal/log-access.js';
import { grouped, paints } from '../terminal/print.js';
import { number, tableOf } from '../terminal/table.js';
import { type VaultFlags, withVault } from './open-stream.js';

/** `parley vault status`: what the vault has, without a look into it. */
export const statusVerb = (): Command =>
  new Command('status')
    .description('Say which master keys are in use, how many secrets there are, and what is overdue.')
    .addOption(natsOption())
    .option('--json', 'print it as JSON')
    .addHelpText(
      'after',
      '\nNeeds no master key. A key that is retired, with 0 secrets under it, may be thrown away.\n\nExample:\n  $ parley vault status',
    )
    .action(async (flags: VaultFlags) => {
      const status = await withVault(flags, (vault) => vaultStatus(vault));
      if (flags.json) process.stdout.write(`${JSON.stringify(status)}\n`);
      else print(status);
    });

function print({ masterKeys, secrets, destroyed, overdue, superseded }: VaultStatus): void {
  const keys = masterKeys.map(({ id, state, secrets: under }) => [id, state, grouped(under)]);
  const kinds = (['bucket', 'conversation', 'author', 'held'] as const).map((kind) => [
    WHOSE[kind],
    grouped(secrets[kind]),
    grouped(destroyed[kind]),
  ]);
  process.stdout.write(`${tableOf(['master key', 'state', number('secrets')], keys)}\n`);
  process.stdout.write(`${tableOf(['of', number('secrets'), number('destroyed')], kinds)}\n`);
  const { yellow } = paints(process.stdout);
  if (overdue.since !== undefined) {
    const since = new Date(overdue.since).toISOString();
    process.stdout.write(
      yellow(
        `buckets that are past and not destroyed yet: ${grouped(overdue.buckets)}, the first since ${since}\n`,
      ),
    );
  }
  if (superseded > 0)
    process.stdout.write(yellow(`values that are still to be overwritten: ${grouped(superseded)}\n`));
}

const WHOSE = {
  bucket: 'buckets of time',
  conversation: 'conversations',
  author: 'people',
  held: 'buckets on legal hold',
} as const;
