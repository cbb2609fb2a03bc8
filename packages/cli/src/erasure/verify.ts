import { signCertificate } from '@parley/infra/erasure/proof/certificate';
import type { Scope } from '@parley/infra/erasure/proof/scope';
import { type ErasureReport, type OnProgress, verifyErasure } from '@parley/infra/erasure/proof/verify';
import { Command, InvalidArgumentError, Option } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { userId } from '../terminal/connection.js';
import { conversationId } from '../terminal/conversation-id.js';
import { natsOption } from '../terminal/log-access.js';
import { type OutputFlags, withOutput } from '../terminal/output.js';
import { grouped } from '../terminal/print.js';
import { certificateKey } from './certificate-key.js';
import { printReport } from './print-report.js';
import { openStores, type StoreFlags } from './stores.js';

/** `parley erasure verify`: whether anybody could still read what was erased; a signed certificate of it. */
export const verifyVerb = (): Command =>
  new Command('verify')
    .description('Find out whether anybody could still read what was erased, and certify it.')
    .option('--conversation <id>', 'messages of this conversation', conversationId)
    .option('--user <user>', 'messages that this person wrote', userId)
    .option('--before <time>', 'messages that were over by then, such as 2026-11-21T12:00Z', time)
    .option('--out <file>', 'write the signed certificate to this file')
    .option('--force', 'replace the file if it is there')
    .option('--json', 'print the signed certificate')
    .addOption(natsOption())
    .addOption(new Option('--database <url>', 'the database, likewise').env('DATABASE_URL'))
    .addOption(new Option('--redis <url>', 'the cache, likewise').env('REDIS_URL'))
    .option('--nats-dir <path>', "the broker's data directory, where it is on this machine")
    .option('--postgres-dir <path>', "the database's, likewise")
    .option('--redis-dir <path>', "the cache's, likewise")
    .addHelpText('after', HELP)
    .action(verify);

const HELP = `
For each erased message: tries to open what the log still has, asks the vault for each secret its body hung on, looks for a body in rows
and cached pages, and searches every byte of the servers' data directories for copies of sealed bodies and of secrets. A sealed body
whose secret was destroyed may lie anywhere: it opens for nobody.

Needs the master keys (PARLEY_MASTER_KEYS, or those of the stack in this home). Ends with 1 when something can still be read, or is
still to be overwritten; it says what.

Examples:
  $ parley erasure verify --conversation garden
  $ parley erasure verify --user ann --out ann-is-gone.json`;

type Flags = StoreFlags &
  OutputFlags & {
    readonly conversation?: string;
    readonly user?: string;
    readonly before?: number;
    readonly json?: true;
  };

async function verify(flags: Flags): Promise<void> {
  const { report, signed } = flags.out === undefined ? await certify(flags) : await certifyInto(flags);
  if (flags.json) process.stdout.write(signed);
  else printReport(report);
  if (flags.out !== undefined && !flags.json) process.stdout.write(`certificate: ${flags.out}\n`);
  if (report.verdict === 'not gone') process.exitCode = exitCodes.failed;
}

type Certified = { readonly report: ErasureReport; readonly signed: string };

/** A file that is there already is refused before anything is searched. */
const certifyInto = (flags: Flags): Promise<Certified> =>
  withOutput(flags, async (output) => {
    const certified = await certify(flags);
    await output.write(certified.signed);
    return certified;
  });

async function certify(flags: Flags): Promise<Certified> {
  const key = await certificateKey();
  const stores = await openStores(flags);
  const progress = showProgress();
  let report: ErasureReport;
  try {
    report = await verifyErasure(stores.resources, scopeOf(flags), progress.show);
  } finally {
    progress.clear();
    await stores.close();
  }
  return { report, signed: `${JSON.stringify(signCertificate(report, key), null, 1)}\n` };
}

const scopeOf = ({ conversation, user, before }: Flags): Scope => ({
  ...(conversation === undefined ? {} : { conversation }),
  ...(user === undefined ? {} : { user }),
  ...(before === undefined ? {} : { before }),
});

const DOING = { log: 'events read', vault: 'secrets asked for', files: 'bytes searched' } as const;

/** How often, in ms, progress is said. */
const SAY_EVERY = 200;

/** One line that changes, on a terminal; nothing elsewhere. How much there is to read is not known before it is read. */
function showProgress(): { readonly show: OnProgress; readonly clear: () => void } {
  const { isTTY } = process.stderr;
  let said = 0;
  const show: OnProgress = (what, done) => {
    if (!isTTY || Date.now() - said < SAY_EVERY) return;
    said = Date.now();
    process.stderr.write(`\r\u001b[K${grouped(done)} ${DOING[what]}`);
  };
  return { show, clear: () => void (isTTY && process.stderr.write('\r\u001b[K')) };
}

function time(text: string): number {
  const at = Date.parse(text);
  if (Number.isFinite(at)) return at;
  throw new InvalidArgumentError('A time such as 2026-11-21, or 2026-11-21T12:00Z.');
}
