import { publicKeyOf } from '@parley/infra/erasure/proof/certificate';
import { openPublishWindow } from '@parley/infra/log/publish-window';
import { homeDirectory } from '@parley/infra/runtime/home-directory';
import { logTime } from '@parley/infra/runtime/log-time';
import { knownSecrets } from '@parley/infra/runtime/secrets';
import { variables } from '@parley/infra/runtime/variables';
import { type ImportReport, importConversation } from '@parley/infra/transfer/import-conversation';
import { openVault } from '@parley/infra/vault/open-vault';
import { openVaultStream } from '@parley/infra/vault/vault-stream';
import { Command, Option } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import { certificateKey } from '../erasure/certificate-key.js';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import { natsOption, openLog } from '../terminal/log-access.js';
import { givenMasterKeys } from '../terminal/master-keys.js';
import { givenPassphrase, passphraseOption } from '../terminal/passphrase.js';
import { grouped } from '../terminal/print.js';
import { signerKey } from '../terminal/signer-key.js';
import { readNote } from './note.js';
import { showSteps } from './progress.js';
import { explainTransfer } from './transfer-error.js';

/** `parley conversation import`: a conversation of another stack, as it was there. */
export const importVerb = (): Command =>
  new Command('import')
    .description('Take in a conversation that was exported elsewhere, as it was there.')
    .argument('<file>', 'the file, as `parley conversation export` wrote it')
    .addOption(signerOption())
    .addOption(passphraseOption())
    .option('--closed', 'take a file without keys also where nothing in it can be read: then it never will')
    .addOption(natsOption())
    .option('--json', 'print what was done as JSON, and no progress')
    .addHelpText(
      'after',
      `
The whole file is checked before anything is appended: where a byte was changed it says in which line. An import that broke off goes on when it is asked for again; until
it is whole nobody reads or writes in the conversation. What is past its life by now stays closed. Files signed in this home are trusted, others by --key. Needs the master keys and the
key of bans of this stack (PARLEY_MASTER_KEYS and PARLEY_BAN_KEY, or those of the stack in this home).

Example:
  $ parley conversation import garden.parley --key zJq… --passphrase-file secret.txt`,
    )
    .action((file: string, flags: Flags) =>
      run(file, flags).catch((error: unknown) => explainTransfer(error, file)),
    );

const signerOption = (): Option =>
  new Option(
    '--key <key>',
    'a public key to trust, as `parley erasure key` prints it where the file comes from',
  ).argParser((text: string, before: readonly string[] = []) => [...before, signerKey(text)]);

type Flags = {
  readonly key?: readonly string[];
  readonly passphraseFile?: string;
  readonly closed?: true;
  readonly nats?: string;
  readonly json?: true;
};

async function run(path: string, { key, passphraseFile, closed, nats: url, json }: Flags): Promise<void> {
  const { hasKeys } = await readNote(path);
  const masterKeys = await givenMasterKeys();
  const banKey = await givenBanKey();
  const trusted = [...(key ?? []), publicKeyOf(await certificateKey())];
  const passphrase = hasKeys ? await givenPassphrase(passphraseFile) : undefined;
  const log = await openLog(url);
  const { nats, jsm, partitions } = log;
  const window = openPublishWindow(nats);
  const onCancel = 'broken off: import the same file again, and it goes on from there';
  using checking = showSteps('events checked', { json: json === true, onCancel });
  using appending = showSteps('events', { json: json === true, onCancel });
  try {
    const now = await logTime(nats);
    await using closing = new AsyncDisposableStack();
    const vault = await openVault({ nats, masterKeys });
    closing.defer(() => vault.close());
    const resources = {
      nats,
      jsm,
      window,
      partitions,
      vault,
      vaultStream: openVaultStream(nats, jsm),
      banKey,
      now,
    };
    const report = await importConversation(resources, path, {
      trusted,
      ...(passphrase && { passphrase }),
      ...(closed && { closed }),
      onProgress: (done, of) => {
        checking.reached(done, of);
        if (done === of) checking[Symbol.dispose]();
      },
      onAppended: appending.reached,
    });
    if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
    else print(report, appending.rate(report.appended));
  } finally {
    window.close();
    await log.close();
  }
}

function print(report: ImportReport, rate: number): void {
  const { conversationId, appended, moves, gone, digest, strangeBans, erasedPeople } = report;
  if (appended === 0)
    process.stdout.write(`${conversationId} is here already, as in the file; digest ${digest}\n`);
  else
    process.stdout.write(
      `${conversationId}: ${grouped(appended)} events (${grouped(rate)} a second), ${grouped(moves)} watermarks` +
        `${gone > 0 ? `, ${grouped(gone)} bodies are gone` : ''}; digest ${digest}\n`,
    );
  if (strangeBans > 0)
    process.stdout.write(
      `${grouped(strangeBans)} bans are of people who never were in it: nobody can say who they are, so here they hold nobody back\n`,
    );
  if (erasedPeople.length > 0)
    process.stdout.write(`erased here, and from it as well: ${erasedPeople.join(', ')}\n`);
}

/** PARLEY_BAN_KEY, else that of the stack in this home. */
async function givenBanKey(env: NodeJS.ProcessEnv = process.env): Promise<Uint8Array> {
  const given = env.PARLEY_BAN_KEY || (await knownSecrets(homeDirectory(env)))?.banKey;
  const key = variables.PARLEY_BAN_KEY.decode(given);
  if (E.isRight(key)) return key.right;
  throw new CliError(
    'PARLEY_BAN_KEY: the key of this stack is needed, or who is banned could not be known here',
    exitCodes.config,
  );
}
