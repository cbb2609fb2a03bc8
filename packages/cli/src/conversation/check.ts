import { checkFile } from '@parley/infra/transfer/check-file';
import { Command } from 'commander';
import { givenPassphrase, passphraseOption } from '../terminal/passphrase.js';
import { grouped, paints } from '../terminal/print.js';
import { signerKey } from '../terminal/signer-key.js';
import { showSteps } from './progress.js';
import { explainTransfer } from './transfer-error.js';

/** `parley conversation check`: whether a file is what was signed. */
export const checkVerb = (): Command =>
  new Command('check')
    .description('Check an exported file: that nobody changed it, that it is whole, and whose it is.')
    .argument('<file>', 'the file, as `parley conversation export` wrote it')
    .option(
      '--key <key>',
      'the public key it must be signed with, as `parley erasure key` prints it',
      signerKey,
    )
    .addOption(passphraseOption())
    .option('--json', 'print what it says as JSON, and no progress')
    .addHelpText(
      'after',
      `
Needs neither a stack nor a secret; with a passphrase it also tries each key. Ends with 65 when something was changed, and says in which line.

Example:
  $ parley conversation check garden.parley --key zJq…`,
    )
    .action((file: string, flags: Flags) =>
      run(file, flags).catch((error: unknown) => explainTransfer(error, file)),
    );

type Flags = { readonly key?: string; readonly passphraseFile?: string; readonly json?: true };

async function run(path: string, { key, passphraseFile, json }: Flags): Promise<void> {
  using steps = showSteps('events', {
    json: json === true,
    onCancel: 'broken off: nothing is said of the rest',
  });
  const passphrase = passphraseFile === undefined ? undefined : await givenPassphrase(passphraseFile);
  const { manifest, publicKey } = await checkFile(path, {
    onProgress: steps.reached,
    ...(key && { trusted: [key] }),
    ...(passphrase && { passphrase }),
  });
  const { chunks: _, ...told } = manifest;
  if (json) return void process.stdout.write(`${JSON.stringify({ publicKey, ...told })}\n`);
  const { conversationId, events, erased, keys, gone, moves, exportedAt, digest } = manifest;
  const signer =
    key === undefined ? paints(process.stdout).yellow(' (ask its owner whether it is theirs)') : '';
  process.stdout.write(
    `unchanged since it was signed at ${exportedAt}, with the key ${publicKey}${signer}\n` +
      `${conversationId}: ${grouped(events)} events, ${grouped(erased)} of them erased, and ${grouped(moves)} watermarks\n` +
      `${grouped(keys)} bodies and titles open by its passphrase, ${grouped(gone)} are gone\n` +
      `digest ${digest}\n`,
  );
}
