import { access, constants } from 'node:fs/promises';
import { cachedEntry, makeEntry } from './fetch-cache.js';
import { hasApt, libraryPath, unpackDebianPackages } from './fetch-debian.js';
import { runCommand } from './run-command.js';
import { searchPath } from './search-path.js';
import type { Report } from './server-source.js';

/** A program that runs here, with what it needs in its environment. */
export type Program = { readonly command: string; readonly env: Readonly<Record<string, string>> };

/** Everything there is to know about where one program may come from. */
export type ProgramSource = {
  readonly title: string;
  /** Variable that names the program, before any other. */
  readonly variable: 'PARLEY_CHROMIUM' | 'PARLEY_FFMPEG' | 'PARLEY_TURNSERVER';
  /** What it is called on a PATH. */
  readonly names: readonly string[];
  /** Where else it may lie. */
  readonly places: readonly string[];
  /** The package of Debian, and the program inside it. */
  readonly debian: { readonly name: string; readonly command: string };
  /** What makes it print its version and end. */
  readonly versionArguments: readonly string[];
};

export type FindProgramOptions = {
  readonly report?: Report | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** False looks at what is there and fetches nothing. */
  readonly mayFetch?: boolean;
};

/**
 * Finds a program: the one that its variable names, the PATH and the usual places, one fetched before, the distribution's
 * package (unpacked into the cache, not installed).
 *
 * @throws Error naming the command that mends it
 */
export async function findProgram(
  source: ProgramSource,
  { report = () => undefined, env = process.env, mayFetch = true }: FindProgramOptions = {},
): Promise<Program> {
  const { title, variable, debian } = source;
  const runs = (program: Program): Promise<boolean> => saysVersion(program, source.versionArguments);
  const named = env[variable];
  if (named) {
    if (await runs({ command: named, env: {} })) return { command: named, env: {} };
    throw new Error(`${variable} is ${named}, which does not run as ${title}`);
  }
  for (const command of [...source.names.flatMap((name) => searchPath(name, env)), ...source.places]) {
    if (await runs({ command, env: {} })) return { command, env: {} };
  }
  const entry = `${debian.name}-debian`;
  const unpacked = async (directory: string): Promise<Program> => ({
    command: `${directory}/${debian.command}`,
    env: { LD_LIBRARY_PATH: await libraryPath(directory) },
  });
  const kept = await cachedEntry(entry);
  if (kept !== undefined && (await runs(await unpacked(kept)))) return unpacked(kept);
  if (mayFetch && (await hasApt())) {
    report(`${title}: fetching the distribution's package`);
    const directory = await makeEntry(entry, {
      fill: (temporary) => unpackDebianPackages({ names: [debian.name] }, temporary, report),
      isGood: async (filled) => runs(await unpacked(filled)),
    });
    return unpacked(directory);
  }
  throw new Error(
    `no ${title} could be found. Run: apt-get install ${debian.name} - or name one by ${variable}`,
  );
}

async function saysVersion({ command, env }: Program, versionArguments: readonly string[]): Promise<boolean> {
  try {
    await access(command, constants.X_OK);
    return /\d+\.\d+/.test(await runCommand(command, versionArguments, { env, timeoutMs: 20_000 }));
  } catch {
    return false;
  }
}
