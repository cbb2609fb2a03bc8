import { type VaultStatus, vaultStatus } from '@parley/infra/vault/vault-status';
import Table from 'cli-table3';
import { Command } from 'commander';
import { natsOption } from '../terminal/log-access.js';
import { grouped, paints } from '../terminal/print.js';
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
  const keys = new Table({ head: ['master key', 'state', 'secrets'], style: { head: [], border: [] } });
  for (const { id, state, secrets: under } of masterKeys) keys.push([id, state, grouped(under)]);
  const kinds = new Table({ head: ['of', 'secrets', 'destroyed'], style: { head: [], border: [] } });
  for (const kind of ['bucket', 'conversation', 'author', 'held'] as const)
    kinds.push([WHOSE[kind], grouped(secrets[kind]), grouped(destroyed[kind])]);
  process.stdout.write(`${keys}\n${kinds}\n`);
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
