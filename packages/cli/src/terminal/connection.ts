import { connect, type ParleyClient } from '@parley/client/parley-client';
import { RefusalError } from '@parley/client/refusal-error';
import { UserId } from '@parley/domain/ids';
import { homeDirectory } from '@parley/infra/runtime/home-directory';
import { knownSecrets } from '@parley/infra/runtime/secrets';
import { signToken } from '@parley/infra/runtime/tokens';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { CliError } from './cli-error.js';
import { runningEndpoints } from './endpoints.js';

/** How a verb reaches Parley: flags go before PARLEY_URL and PARLEY_TOKEN, and those before the stack of the home. */
export type ConnectionFlags = { readonly url?: string; readonly token?: string; readonly as?: string };

/** Adds the flags that every verb with a connection has. */
export const withConnection = (command: Command, as: string): Command =>
  command
    .addOption(new Option('--url <ws://…>', 'the socket of a gateway').env('PARLEY_URL').argParser(socketUrl))
    .addOption(new Option('--token <token>', 'who you are').env('PARLEY_TOKEN').conflicts('as'))
    .option('--as <user>', as, userId);

/** A user id on the command line. */
export function userId(text: string): string {
  if (UserId.is(text) && UserId.decode(text)._tag === 'Right') return text;
  throw new InvalidArgumentError("A user has 1 to 64 of letters, digits, '_', '-', '='.");
}

function socketUrl(text: string): string {
  if (URL.canParse(text) && /^wss?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError('It begins with ws:// or wss://, such as ws://127.0.0.1:4000/v1/ws.');
}

/**
 * Connects as the flags say. `scope` is what a token made here may do; a token that was given has its own.
 *
 * @throws CliError that says how to name a stack, when none is found
 */
export async function openClient(
  flags: ConnectionFlags,
  device: string,
  scope?: string,
): Promise<ParleyClient> {
  const url = flags.url ?? (await runningEndpoints(NAMING)).ws;
  const token = await tokenOf(flags, device, scope);
  try {
    return await connect({ url, token, device, connectMs: CONNECT_MS, connectTries: CONNECT_TRIES });
  } catch (error) {
    if (!(error instanceof RefusalError)) throw error;
    throw error.retryable
      ? new CliError(
          `nothing answers at ${url}: see that it runs, or name another by --url`,
          exitCodes.unavailable,
        )
      : new CliError(`${url} refused the token. ${error.message}`, exitCodes.notAllowed);
  }
}

async function tokenOf({ url, token, as }: ConnectionFlags, device: string, scope?: string): Promise<string> {
  if (token !== undefined) return token;
  if (as !== undefined) return localToken(as, device, scope, '1d');
  if (url === undefined) return (await runningEndpoints(NAMING)).token;
  throw new CliError('--url needs --token, or PARLEY_TOKEN', exitCodes.usage);
}

/** The flags that name another stack. */
const NAMING = '--url and --token';

/** How long a gateway may take to open the session, in ms: services that have just started are slow at first. */
const CONNECT_MS = 30_000;

/** Dials that may find nobody, a few hundred ms apart. */
const CONNECT_TRIES = 4;

/**
 * A token signed by the secret of the stack in this home; other stacks do not take it.
 *
 * @throws CliError where no stack has been: nobody would take it
 */
export async function localToken(
  sub: string,
  did: string,
  scope: string | undefined,
  expiresIn: string | number,
): Promise<string> {
  const home = homeDirectory();
  const secret = process.env.PARLEY_TOKEN_SECRET || (await knownSecrets(home))?.tokenSecret;
  if (!secret)
    throw new CliError(
      `no stack has been in ${home}: start one with \`npm start\`, or name its place by PARLEY_HOME`,
      exitCodes.unavailable,
    );
  return signToken(Buffer.from(secret, 'base64url'), {
    sub,
    did,
    expiresIn,
    ...(scope === undefined ? {} : { scope }),
  });
}
