import { access, constants } from 'node:fs/promises';
import { hasContainerEngine } from './container.js';
import { cachedEntry, makeEntry } from './fetch-cache.js';
import { runCommand } from './run-command.js';
import type { Fetch, Report, ServerBinary, ServerSource } from './server-source.js';
import { formatVersion, isAtLeast, parseVersion, type Version } from './version.js';

/** Where a server comes from: the operator's own, a program, or an image for a container engine. */
export type FoundServer =
  | { readonly kind: 'url'; readonly url: string; readonly origin: string }
  | ServerBinary
  | { readonly kind: 'container'; readonly image: string; readonly origin: string };

export type FindOptions = {
  readonly report: Report;
  readonly env?: NodeJS.ProcessEnv;
  /** False looks at what is there and fetches nothing. */
  readonly mayFetch?: boolean;
  /** A further demand on a program that is good enough by its version, e.g. the major version of existing data. */
  readonly suits?: (version: Version) => boolean;
};

/** Finds a server in the order of its source; the last step is an error that names the command which mends it. */
export const findServer = async (source: ServerSource, options: FindOptions): Promise<FoundServer> => {
  const url = (options.env ?? process.env)[source.urlVariable];
  if (url) return { kind: 'url', url, origin: `the URL in ${source.urlVariable}` };

  const rejected: string[] = [];
  const accepts = (found: ServerBinary): boolean => {
    const enough = isAtLeast(found.version, source.minimum) && (options.suits?.(found.version) ?? true);
    if (!enough) rejected.push(`${found.command} is ${formatVersion(found.version)}`);
    return enough;
  };

  for (const command of await source.candidates()) {
    const found = await probe(command, {}, command);
    if (found && accepts(found)) return found;
  }
  for (const fetch of source.fetches) {
    const directory = await cachedEntry(fetch.id);
    const found = directory && (await probeFetched(fetch, directory));
    if (found && accepts(found)) return found;
  }
  if (options.mayFetch ?? true) {
    for (const fetch of source.fetches) {
      const found = await fetchNow(source, fetch, options.report, accepts, rejected);
      if (found) return found;
    }
  }
  if (await hasContainerEngine()) {
    return { kind: 'container', image: source.image, origin: `the container image ${source.image}` };
  }
  throw new ServerNotFound(source, rejected);
};

export class ServerNotFound extends Error {
  constructor(
    readonly source: ServerSource,
    readonly tried: readonly string[],
  ) {
    super(
      `no ${source.title} ${formatVersion(source.minimum)} or newer could be found` +
        `${tried.length > 0 ? ` (${tried.join('; ')})` : ''}. ` +
        `Run: ${source.mend} - or point ${source.urlVariable} at a running server`,
    );
  }
}

/** Asks a program for its version; undefined when it is not there or does not run. */
export const probe = async (
  command: string,
  env: Readonly<Record<string, string>>,
  origin: string,
): Promise<ServerBinary | undefined> => {
  try {
    await access(command, constants.X_OK);
    const version = parseVersion(await runCommand(command, ['--version'], { env, timeoutMs: 10_000 }));
    return version && { kind: 'binary', command, version, origin, env };
  } catch {
    return undefined;
  }
};

const probeFetched = async (fetch: Fetch, directory: string): Promise<ServerBinary | undefined> => {
  const env = (await fetch.env?.(directory)) ?? {};
  return probe(await fetch.command(directory), env, `${fetch.from}, kept in ${directory}`);
};

const fetchNow = async (
  source: ServerSource,
  fetch: Fetch,
  report: Report,
  accepts: (found: ServerBinary) => boolean,
  rejected: string[],
): Promise<ServerBinary | undefined> => {
  if (!(await fetch.applies())) return undefined;
  const say: Report = (line) => report(`${source.title}: ${line}`);
  say(`fetching from ${fetch.from}`);
  try {
    const directory = await makeEntry(fetch.id, {
      fill: (temporary) => fetch.fill(temporary, say),
      isGood: async (filled) => {
        const found = await probeFetched(fetch, filled);
        return found !== undefined && accepts(found);
      },
    });
    const found = (await probeFetched(fetch, directory)) as ServerBinary;
    say(`fetched ${formatVersion(found.version)}`);
    return found;
  } catch (error) {
    const reason = reasonOf(error);
    say(`not from ${fetch.from}: ${reason}`);
    rejected.push(`${fetch.from}: ${reason}`);
    return undefined;
  }
};

/** `fetch failed` alone helps nobody: what it means is in the cause. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  const detail = cause instanceof Error && !('cmd' in cause) ? ` (${cause.message})` : '';
  return `${error.message}${detail}`;
};
