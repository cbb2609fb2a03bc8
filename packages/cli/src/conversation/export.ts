import { logTime } from '@parley/infra/runtime/log-time';
import { exportConversation } from '@parley/infra/transfer/export-conversation';
import { type GivingVault, openVault } from '@parley/infra/vault/open-vault';
import { Command } from 'commander';
import { certificateKey } from '../erasure/certificate-key.js';
import { conversationId } from '../terminal/conversation-id.js';
import { natsOption, openLog } from '../terminal/log-access.js';
import { givenMasterKeys } from '../terminal/master-keys.js';
import { withOutput } from '../terminal/output.js';
import { givenPassphrase, passphraseOption } from '../terminal/passphrase.js';
import { grouped } from '../terminal/print.js';
import { showSteps } from './progress.js';
import { explainTransfer } from './transfer-error.js';

/** `parley conversation export`: one signed file, to be imported elsewhere. */
export const exportVerb = (): Command =>
  new Command('export')
    .description('Write a conversation to one signed file, to be imported elsewhere.')
    .argument('<conversation>', 'its id', conversationId)
    .requiredOption('--out <file>', 'to this file, which is there when it is whole')
    .option('--force', 'replace the file if it is there')
    .option('--without-keys', 'nothing in it can be read but by the vault that it comes from')
    .addOption(passphraseOption())
    .addOption(natsOption())
    .option('--json', 'print what was written as JSON, and no progress')
    .addHelpText(
      'after',
      `
What can still be read can be read of the file by its passphrase, for ever: no erasure here reaches it. Bodies that are over are not in it. It needs the master keys
(PARLEY_MASTER_KEYS, or those of the stack in this home), but with --without-keys; it is signed with the key that \`parley erasure key\` prints.

Example:
  $ parley conversation export garden --out garden.parley --passphrase-file secret.txt`,
    )
    .action((id: string, flags: Flags) => run(id, flags).catch((error: unknown) => explainTransfer(error)));

type Flags = {
  readonly out: string;
  readonly force?: true;
  readonly withoutKeys?: true;
  readonly passphraseFile?: string;
  readonly nats?: string;
  readonly json?: true;
};

async function run(
  id: string,
  { out, force, withoutKeys, passphraseFile, nats, json }: Flags,
): Promise<void> {
  const signingKey = await certificateKey();
  const masterKeys = withoutKeys ? undefined : await givenMasterKeys();
  const passphrase = withoutKeys ? undefined : await givenPassphrase(passphraseFile, { again: true });
  const log = await openLog(nats);
  let vault: GivingVault | undefined;
  // Who talks with whom is in it, and whoever has it can try passphrases.
  process.umask(0o077);
  using steps = showSteps('events', { json: json === true, onCancel: 'broken off: nothing was written' });
  try {
    const now = await logTime(log.nats);
    vault = masterKeys && (await openVault({ nats: log.nats, masterKeys }));
    const keys = vault && passphrase && { vault, passphrase };
    const manifest = await withOutput({ out, ...(force && { force }) }, ({ write }) =>
      exportConversation(
        { ...log, now },
        { conversationId: id, signingKey, onProgress: steps.reached, ...(keys && { keys }) },
        write,
      ),
    );
    const { chunks: _, ...told } = manifest;
    if (json) return void process.stdout.write(`${JSON.stringify({ file: out, ...told })}\n`);
    const { events, moves, gone, digest } = manifest;
    process.stdout.write(
      `${out}: ${grouped(events)} events (${grouped(steps.rate(events))} a second), ${grouped(moves)} watermarks` +
        `${gone > 0 ? `, ${grouped(gone)} bodies are gone` : ''}; digest ${digest}\n`,
    );
  } finally {
    await vault?.close();
    await log.close();
  }
}
