import { masterKeysOf } from '@parley/infra/vault/master-keys';
import { VAULT_STREAM } from '@parley/infra/vault/names';
import { type Rewrapped, rewrapSecrets } from '@parley/infra/vault/rewrap-secrets';
import { useMasterKeys } from '@parley/infra/vault/use-master-keys';
import type { VaultStream } from '@parley/infra/vault/vault-stream';
import { Command, InvalidArgumentError, Option } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import { natsOption } from '../terminal/log-access.js';
import { givenMasterKeys } from '../terminal/master-keys.js';
import { grouped } from '../terminal/print.js';
import { createProgress } from '../terminal/progress.js';
import { type VaultFlags, withVault } from './open-stream.js';

/** `parley vault rewrap`: every secret under the newest master key. */
export const rewrapVerb = (): Command =>
  new Command('rewrap')
    .description('Wrap every secret by the newest master key, overwrite what it was, and retire older keys.')
    .addOption(natsOption())
    .addOption(
      new Option(
        '--lost-key <id>',
        'nobody has this key any more: secrets under it are replaced, and bodies under those never open again',
      ).argParser(keyId),
    )
    .option('--json', 'print what was done as JSON, and no progress')
    .addHelpText(
      'after',
      `
Needs all master keys in use (PARLEY_MASTER_KEYS, or those of the stack in this home), the newest first; every process must have them in
that order already. Some 70 secrets a second. Broken off, the same command goes on. Bodies are not touched.

Example:
  $ parley vault rewrap && parley vault status`,
    )
    .action(rewrap);

type Flags = VaultFlags & { readonly lostKey?: string };

async function rewrap(flags: Flags): Promise<void> {
  const { lostKey } = flags;
  const masterKeys = masterKeysOf(await givenMasterKeys());
  if (lostKey !== undefined && masterKeys.byId.has(lostKey))
    throw new CliError(`the master key ${lostKey} is not lost: it is among those given`, exitCodes.usage);
  // A signal that ends the process would leave the bar's cursor hidden.
  process.once('SIGINT', () => {
    process.stderr.write('\u001b[?25h\nbroken off; the same command goes on from here\n');
    process.exit(exitCodes.interrupted);
  });
  const done = await withVault(flags, async (vault) => {
    await useMasterKeys(vault, masterKeys, lostKey);
    const progress = flags.json ? undefined : createProgress(await valuesIn(vault), 'values');
    try {
      return await rewrapSecrets(vault, masterKeys, {
        ...(progress && { onStep: progress.step }),
        ...(lostKey !== undefined && { lostKey }),
      });
    } finally {
      progress?.stop();
    }
  });
  if (flags.json) process.stdout.write(`${JSON.stringify(done)}\n`);
  else process.stdout.write(`${sentenceOf(done)}\n`);
  if (done.unreadable.length > 0) {
    const some = done.unreadable.slice(0, 5).join(', ');
    throw new CliError(
      `${grouped(done.unreadable.length)} secrets are of no master key that was given, such as ${some}: nothing was retired`,
      exitCodes.config,
    );
  }
}

const valuesIn = async ({ jsm }: VaultStream): Promise<number> =>
  (await jsm.streams.info(VAULT_STREAM)).state.messages;

function sentenceOf({ wrapped, replaced, retired }: Rewrapped): string {
  const done = `${grouped(wrapped)} secrets wrapped again`;
  const lost = replaced === 0 ? '' : `, ${grouped(replaced)} replaced`;
  return `${done}${lost}; ${retired.length === 0 ? 'no key' : retired.join(', ')} retired`;
}

function keyId(text: string): string {
  if (/^[0-9a-f]{16}$/.test(text)) return text;
  throw new InvalidArgumentError(
    'The id of a key has 16 hexadecimal digits; `parley vault status` lists them.',
  );
}
