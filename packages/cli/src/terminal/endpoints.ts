import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, processIdentity } from '@parley/infra/embedded/process-identity';
import { homeDirectory } from '@parley/infra/runtime/home-directory';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { exitCodes } from '../exit-codes.js';
import { CliError } from './cli-error.js';

/** Where a running stack is reached: each a URL that works, and a token of its demo user. */
export const Endpoints = t.strict({
  web: t.string,
  ws: t.string,
  api: t.string,
  token: t.string,
  nats: t.string,
  database: t.string,
  redis: t.string,
});
export type Endpoints = t.TypeOf<typeof Endpoints>;

/** The file also names the process that keeps the stack, so that one which died is not believed. */
const EndpointsFile = t.intersection([
  Endpoints,
  t.strict({ process: t.strict({ pid: t.number, startedAt: t.string }) }),
]);
type EndpointsFile = t.TypeOf<typeof EndpointsFile>;

/** Leaves the endpoints in the home, readable by its owner alone: the token is a password. */
export async function writeEndpoints(home: string, endpoints: Endpoints): Promise<void> {
  const draft = `${pathIn(home)}.${process.pid}.new`;
  const file: EndpointsFile = { ...endpoints, process: await processIdentity(process.pid) };
  await writeFile(draft, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
  await chmod(draft, 0o600);
  await rename(draft, pathIn(home));
}

/** The endpoints of the last stack of this home, running or not, or undefined. */
export async function lastEndpoints(home: string): Promise<EndpointsFile | undefined> {
  const text = await readFile(pathIn(home), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const decoded = EndpointsFile.decode(JSON.parse(text));
    return E.isRight(decoded) ? decoded.right : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The endpoints of the stack that runs in the home.
 *
 * @param flags those that name another one
 * @throws CliError when none does
 */
export async function runningEndpoints(flags: string): Promise<Endpoints> {
  const home = homeDirectory();
  const last = await lastEndpoints(home);
  if (last !== undefined && (await isAlive(last.process))) return last;
  const state = last === undefined ? 'no stack runs' : 'the stack does not run any more';
  throw new CliError(
    `${state} in ${home}: start one with \`npm start\`, or name another by ${flags}`,
    exitCodes.unavailable,
  );
}

const pathIn = (home: string): string => join(home, 'endpoints.json');
