import { configOf, decodeConfig } from '@parley/infra/runtime/config';
import { homeDirectory } from '@parley/infra/runtime/home-directory';
import { Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import { paints } from '../terminal/print.js';
import { type RunningStack, runStack } from '../up/run-stack.js';

/** `parley up`: the whole system on this machine, until Ctrl-C. */
export const upVerb = (): Command =>
  new Command('up')
    .description('Start everything on this machine: servers, services, web client; until Ctrl-C.')
    .option(
      '--json',
      'print ready and a JSON object of URLs and a token, and nothing else, on standard output',
    )
    .addHelpText(
      'after',
      '\nData, logs and secrets are in PARLEY_HOME, else in .parley beside package.json.\n\nExample:\n  $ parley up\n  $ PARLEY_HOME=/tmp/other parley up',
    )
    .action(up);

/** Partitions of a log that is made here, unless PARLEY_PARTITIONS says otherwise. */
const EMBEDDED_PARTITIONS = '4';

async function up({ json }: { readonly json?: true }): Promise<void> {
  const config = readConfig();
  const report = (line: string): void => {
    (json ? process.stderr : process.stdout).write(`${line}\n`);
  };
  const leave = stopSignal();
  const home = homeDirectory();
  let givenUp: string | undefined;
  const starting = runStack({
    home,
    partitions: config.PARLEY_PARTITIONS,
    port: config.PARLEY_HTTP_PORT === 0 ? undefined : config.PARLEY_HTTP_PORT,
    env: process.env,
    report,
    onGiveUp: (reason) => {
      givenUp = reason;
      leave.now(exitCodes.failed);
    },
  });
  // Not started yet: the servers go with this process, because their leash sees it end.
  const first = await Promise.race([starting, leave.asked]);
  if (typeof first === 'number') {
    if (givenUp !== undefined) process.stderr.write(`parley: ${givenUp}\n`);
    process.exit(first);
  }
  if (!json) announce(first);
  process.stdout.write(`ready ${JSON.stringify(first.endpoints)}\n`);
  const exitCode = await leave.asked;
  report('stopping');
  await first.stop();
  if (givenUp !== undefined) throw new CliError(givenUp, exitCodes.failed);
  process.exit(exitCode);
}

function announce({ endpoints }: RunningStack): void {
  const { bold, dim } = paints(process.stdout);
  process.stdout.write(
    `\n  web client  ${bold(`${endpoints.web}/#as=demo`)}\n  token       ${dim(endpoints.token)}\n\n`,
  );
}

function readConfig() {
  const codec = configOf('PARLEY_PARTITIONS', 'PARLEY_HTTP_PORT', 'PARLEY_LOG_LEVEL');
  const config = decodeConfig(codec, {
    ...process.env,
    PARLEY_PARTITIONS: process.env.PARLEY_PARTITIONS || EMBEDDED_PARTITIONS,
  });
  if (E.isLeft(config)) throw new CliError(config.left.join('; '), exitCodes.config);
  return config.right;
}

/** Ctrl-C, SIGTERM, SIGHUP, or the end of the process that started us. A second signal leaves at once. */
function stopSignal() {
  let resolve: (code: ExitCode) => void = () => undefined;
  const asked = new Promise<ExitCode>((settle) => {
    resolve = settle;
  });
  let times = 0;
  const ask = (code: ExitCode): void => {
    if (++times > 1) process.exit(exitCodes.interrupted);
    resolve(code);
  };
  process.on('SIGINT', () => ask(exitCodes.done));
  process.on('SIGTERM', () => ask(exitCodes.done));
  process.on('SIGHUP', () => ask(exitCodes.done));
  if (process.connected) {
    process.once('disconnect', () => times === 0 && ask(exitCodes.done));
    // Listening must not keep a process that has failed to start.
    process.channel?.unref();
  }
  return { asked, now: (code: ExitCode) => times === 0 && ask(code) };
}
