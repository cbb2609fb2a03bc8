import { access, constants, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasApt, libraryPath, unpackDebianPackages } from '@parley/infra/embedded/fetch-debian';
import { runCommand } from '@parley/infra/embedded/run-command';
import { searchPath } from '@parley/infra/embedded/search-path';
import type { Report } from '@parley/infra/embedded/server-source';

/** What the worker is built with, by its names in Debian. */
const BUILD_PACKAGES: readonly string[] = [
  'g++',
  'make',
  'libuv1-dev',
  'libssl-dev',
  'libsrtp2-dev',
  'libabsl-dev',
  'libflatbuffers-dev',
  'flatbuffers-compiler',
];

/** The command that brings what a build lacks. */
export const BUILD_MEND = `apt-get install ${BUILD_PACKAGES.join(' ')}`;

/** Which of the packages are not installed; undefined on a system that has other packages. */
export async function missingBuildPackages(): Promise<readonly string[] | undefined> {
  if (!(await hasApt())) return undefined;
  const installed = await Promise.all(BUILD_PACKAGES.map(isInstalled));
  return BUILD_PACKAGES.filter((_, index) => !installed[index]);
}

/** Programs of the build that are on nobody's PATH. */
export async function missingBuildPrograms(): Promise<readonly string[]> {
  const found = await Promise.all(['g++', 'make', 'flatc'].map(isProgram));
  return ['g++', 'make', 'flatc'].filter((_, index) => !found[index]);
}

/**
 * Unpacks the packages that lack into a directory. They are not installed; it needs no privilege, and what is in the directory
 * runs and links together with what this machine has.
 */
export async function unpackBuildPackages(
  names: readonly string[],
  directory: string,
  report: Report,
): Promise<void> {
  await unpackDebianPackages({ names }, directory, report);
  await pointIntoRoot(directory);
}

/** What programs that were unpacked there need in their environment. */
export async function rootEnvironment(directory: string): Promise<Readonly<Record<string, string>>> {
  return {
    PATH: `${join(directory, 'usr/bin')}:${process.env.PATH ?? ''}`,
    LD_LIBRARY_PATH: [await libraryPath(directory), process.env.LD_LIBRARY_PATH].filter(Boolean).join(':'),
  };
}

/** Some of the libraries to link with are texts that name files of the system by their whole path. */
async function pointIntoRoot(directory: string): Promise<void> {
  const places = await readdir(join(directory, 'usr/lib'));
  for (const place of places.filter((name) => name.includes('-linux-'))) {
    for (const name of ['libc.so', 'libm.a']) {
      const path = join(directory, 'usr/lib', place, name);
      const text = await readFile(path, 'latin1').catch(() => '');
      if (!text.includes('GROUP')) continue;
      await writeFile(path, text.replaceAll(/\/usr\/lib\/[^/\s]+\/(lib\S+\.a)/g, '$1'), 'latin1');
    }
  }
}

const isInstalled = async (name: string): Promise<boolean> =>
  runCommand('dpkg-query', ['-W', '-f', `\${db:Status-Status}`, name]).then(
    (status) => status.startsWith('installed'),
    () => false,
  );

async function isProgram(name: string): Promise<boolean> {
  for (const path of searchPath(name)) {
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return true;
  }
  return false;
}
