import { access, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AptSource, formatSource, machineSources, sourceOfSuite } from './debian-sources.js';
import { runCommand } from './run-command.js';
import type { Report } from './server-source.js';

export type DebianPackages = {
  readonly names: readonly string[];
  /** A suite of the machine's own mirror; without it, the suites that the machine is configured with. */
  readonly suite?: string;
};

export const hasApt = async (): Promise<boolean> => {
  const present = await Promise.all(
    ['/usr/bin/apt-get', '/usr/bin/dpkg'].map((path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return present.every((found) => found) && (await machineSources()).length > 0;
};

/**
 * Unpacks packages of the distribution, and those of their dependencies that this machine lacks, into a directory.
 * Nothing is installed and no privilege is needed: apt works in a root of its own, with this machine's mirror, proxy
 * and keys, and checks the signatures as ever.
 */
export const unpackDebianPackages = async (
  wanted: DebianPackages,
  directory: string,
  report: Report,
): Promise<void> => {
  const sources = await sourcesFor(wanted);
  const root = await mkdtemp(join(tmpdir(), 'parley-apt-'));
  try {
    const apt = await privateApt(root, sources);
    report(`reading the package list of ${[...new Set(sources.map((source) => source.suite))].join(', ')}`);
    await apt(['update', '--error-on=any']);
    const names = wanted.suite ? wanted.names : await missingPackages(apt, wanted.names);
    report(`downloading ${names.join(', ')}`);
    await apt(['download', ...names]);
    for (const file of await readdir(root)) {
      if (file.endsWith('.deb')) await runCommand('dpkg', ['-x', join(root, file), directory]);
    }
  } finally {
    await rm(root, { recursive: true, force: true });
  }
};

const sourcesFor = async (wanted: DebianPackages): Promise<readonly AptSource[]> => {
  if (!wanted.suite) return machineSources();
  const source = await sourceOfSuite(wanted.suite);
  return source ? [source] : [];
};

type Apt = (args: readonly string[]) => Promise<string>;

const privateApt = async (root: string, sources: readonly AptSource[]): Promise<Apt> => {
  await mkdir(join(root, 'state/lists/partial'), { recursive: true });
  await mkdir(join(root, 'cache/archives/partial'), { recursive: true });
  await writeFile(join(root, 'sources.list'), `${sources.map(formatSource).join('\n')}\n`);
  const settings = {
    'Dir::State': join(root, 'state'),
    'Dir::State::status': '/var/lib/dpkg/status',
    'Dir::Cache': join(root, 'cache'),
    'Dir::Etc::sourcelist': join(root, 'sources.list'),
    'Dir::Etc::sourceparts': '-',
    'Dir::Etc::preferences': '-',
    'Dir::Etc::preferencesparts': '-',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '2',
    // apt's own sandbox user may not enter a directory below /root.
    'APT::Sandbox::User': '',
    'Debug::NoLocking': 'true',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return (args) => runCommand('apt-get', [...options, '-qq', ...args], { cwd: root, timeoutMs: 300_000 });
};

/**
 * What `apt-get install` would download here: the packages and whatever they need that is not installed. Not the C library,
 * of which there is always one, with a loader that works with that one alone.
 */
const missingPackages = async (apt: Apt, wanted: readonly string[]): Promise<readonly string[]> => {
  const plan = await apt([
    'install',
    '--no-install-recommends',
    '--reinstall',
    '--print-uris',
    '--yes',
    ...wanted,
  ]);
  const names = plan.split('\n').flatMap((line) => /^'[^']*'\s+([^_\s]+)_\S+\.deb\s/.exec(line)?.[1] ?? []);
  if (names.length === 0) throw new Error(`no package ${wanted.join(', ')} in the suites of this machine`);
  return [...new Set(names)].filter((name) => name !== 'libc6');
};

/**
 * Where the unpacked package's own shared libraries lie: in the directories of the linker, and in those below them that a
 * package keeps for itself and finds by an absolute path, which unpacking has broken.
 */
export const libraryPath = async (directory: string): Promise<string> => {
  const found: string[] = [];
  for (const parent of ['usr/lib', 'lib']) {
    for (const name of await list(join(directory, parent))) {
      if (!name.includes('-linux-')) continue;
      const place = join(directory, parent, name);
      const own = (await list(place)).map((below) => join(place, below));
      const withLibraries = await Promise.all(own.map(async (below) => (await list(below)).some(isLibrary)));
      found.push(place, ...own.filter((_, index) => withLibraries[index]));
    }
  }
  return found.join(':');
};

const list = (directory: string): Promise<readonly string[]> => readdir(directory).catch(() => []);

const isLibrary = (name: string): boolean => /^lib.*\.so(\.|$)/.test(name);
