import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { cachedEntry, makeEntry } from '../embedded/fetch-cache.js';
import { hasApt, libraryPath, unpackDebianPackage } from '../embedded/fetch-debian.js';
import { runCommand } from '../embedded/run-command.js';
import { searchPath } from '../embedded/search-path.js';
import type { Report } from '../embedded/server-source.js';

/** A Chromium that runs here. */
export type Chromium = { readonly command: string; readonly env: Readonly<Record<string, string>> };

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Where those of other systems lie. */
const PLACES = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/snap/bin/chromium',
];

const ENTRY = 'chromium-debian';

/**
 * Finds a browser for tests: PARLEY_CHROMIUM, the PATH and the usual places, one fetched before, the distribution's
 * package (unpacked into the cache, not installed).
 *
 * @throws Error naming the command that mends it
 */
export async function findChromium(
  report: Report = () => undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Chromium> {
  const named = env.PARLEY_CHROMIUM;
  if (named) {
    if (await runs({ command: named, env: {} })) return { command: named, env: {} };
    throw new Error(`PARLEY_CHROMIUM is ${named}, which does not run as a browser`);
  }
  for (const command of [...NAMES.flatMap((name) => searchPath(name, env)), ...PLACES]) {
    if (await runs({ command, env: {} })) return { command, env: {} };
  }
  const kept = await cachedEntry(ENTRY);
  if (kept !== undefined && (await runs(await unpacked(kept)))) return unpacked(kept);
  if (await hasApt()) {
    report("chromium: fetching the distribution's package");
    const directory = await makeEntry(ENTRY, {
      fill: (temporary) => unpackDebianPackage({ name: 'chromium' }, temporary, report),
      isGood: async (filled) => runs(await unpacked(filled)),
    });
    return unpacked(directory);
  }
  throw new Error(
    'no Chromium could be found. Run: apt-get install chromium - or name one by PARLEY_CHROMIUM',
  );
}

/** Not its start script: that looks for the rest in /usr. */
const unpacked = async (directory: string): Promise<Chromium> => ({
  command: join(directory, 'usr/lib/chromium/chromium'),
  env: { LD_LIBRARY_PATH: await libraryPath(directory) },
});

async function runs({ command, env }: Chromium): Promise<boolean> {
  try {
    await access(command, constants.X_OK);
    return /\d+\.\d+/.test(
      await runCommand(command, ['--version', '--no-sandbox'], { env, timeoutMs: 20_000 }),
    );
  } catch {
    return false;
  }
}
