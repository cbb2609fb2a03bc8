import { readFile } from 'node:fs/promises';
import { checkCertificate } from '@parley/infra/erasure/proof/certificate';
import type { ErasureReport } from '@parley/infra/erasure/proof/verify';
import { Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import { signerKey } from '../terminal/signer-key.js';
import { printReport } from './print-report.js';

/** `parley erasure check`: whether a certificate is what was signed, and by whom. */
export const checkVerb = (): Command =>
  new Command('check')
    .description('Check a certificate: that nobody changed it, and whose it is.')
    .argument('<file>', 'the certificate, as `parley erasure verify --out` wrote it')
    .option(
      '--key <key>',
      'the public key it must be signed with, as `parley erasure key` prints it',
      signerKey,
    )
    .option('--json', 'print who signed it and its verdict as JSON')
    .addHelpText(
      'after',
      '\nNeeds neither a stack nor a secret. Ends with 65 when the file is not a certificate, was changed, or is of another signer.\n\nExample:\n  $ parley erasure check garden.json --key zJq…',
    )
    .action(check);

type Flags = { readonly key?: string; readonly json?: true };

async function check(file: string, flags: Flags): Promise<void> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CliError(`${file} cannot be read: ${error.message}`, exitCodes.noInput);
  });
  const checked = checkCertificate(text, flags.key);
  if (E.isLeft(checked)) throw new CliError(`${file}: ${checked.left}`, exitCodes.badData);
  const { certificate, publicKey } = checked.right;
  const report = certificate as ErasureReport;
  if (report.format !== 'parley-erasure-certificate/1')
    throw new CliError(`${file}: it is signed, but no certificate of an erasure`, exitCodes.badData);
  if (flags.json) {
    const { verdict, issuedAt, scope } = report;
    process.stdout.write(`${JSON.stringify({ publicKey, verdict, issuedAt, scope })}\n`);
    return;
  }
  process.stdout.write(`unchanged since it was signed at ${report.issuedAt}, with the key ${publicKey}`);
  process.stdout.write(flags.key === undefined ? ' (ask its owner whether it is theirs)\n\n' : '\n\n');
  printReport(report);
}
