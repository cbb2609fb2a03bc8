import { access, copyFile, cp, mkdir, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '@parley/infra/embedded/run-command';
import type { Report } from '@parley/infra/embedded/server-source';
import {
  BUILD_MEND,
  missingBuildPackages,
  missingBuildPrograms,
  rootEnvironment,
  unpackBuildPackages,
} from './build-tools.js';
import { mediasoupDirectory, recipeDirectory, workerIn } from './worker-source.js';

/** Milliseconds within which a build must be done: some four minutes on two cores. */
const WITHIN = 3_600_000;

/** Milliseconds between two words on how far it is. */
const WORD_EVERY = 30_000;

export type WorkerBuild = {
  /** Gets the worker and its libraries. */
  readonly directory: string;
  /** Where it is built: a build that was broken off goes on from there. */
  readonly workshop: string;
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Builds the worker from the source in mediasoup's package.
 *
 * @throws with the command that brings what lacks, or with the end of what the compiler said
 */
export async function buildWorker({ directory, workshop, report, signal }: WorkerBuild): Promise<void> {
  await mkdir(join(workshop, 'out'), { recursive: true });
  const root = await packagesRoot(workshop, report);
  // make knows no path with a space in it.
  const links = await mkdtemp(join(tmpdir(), 'parley-worker-'));
  const telling = setInterval(() => void tellProgress(join(workshop, 'out'), report), WORD_EVERY);
  try {
    const linked = {
      source: join(mediasoupDirectory, 'worker'),
      recipe: recipeDirectory,
      out: join(workshop, 'out'),
    };
    for (const [name, target] of Object.entries(root === undefined ? linked : { ...linked, root }))
      await symlink(target, join(links, name));
    const cores = availableParallelism();
    report(`building it from source on ${cores} cores, which takes minutes`);
    const make = ['make', `-j${cores}`, '-s', '-f', 'recipe/Makefile', 'SRC=source', 'OUT=out'];
    // A build whose parent was killed goes on for a while: two at once would write the same files.
    const alone = ['--no-fork', join(links, 'out/lock'), 'nice', '-n', '5', ...make];
    await runCommand('flock', root === undefined ? alone : [...alone, 'ROOT=root'], {
      cwd: links,
      env: root === undefined ? {} : await rootEnvironment(join(links, 'root')),
      timeoutMs: WITHIN,
      signal,
    });
    await copyFile(workerIn(join(workshop, 'out')), workerIn(directory));
    await cp(join(workshop, 'out/lib'), join(directory, 'lib'), { recursive: true });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Error(`${(error as Error).message}\nIf packages lack, run: ${BUILD_MEND}`, { cause: error });
  } finally {
    clearInterval(telling);
    await rm(links, { recursive: true, force: true });
  }
}

/** Where the packages that this machine lacks are unpacked; undefined when it has them all. */
async function packagesRoot(workshop: string, report: Report): Promise<string | undefined> {
  const root = join(workshop, 'root');
  if (await exists(root)) return root;
  const packages = await missingBuildPackages();
  if (packages === undefined) {
    const programs = await missingBuildPrograms();
    if (programs.length > 0)
      throw new Error(`${programs.join(', ')} must be installed to build it; on Debian: ${BUILD_MEND}`);
    return undefined;
  }
  if (packages.length === 0) return undefined;
  const unpacking = `${root}.partial`;
  await rm(unpacking, { recursive: true, force: true });
  await mkdir(unpacking);
  await unpackBuildPackages(packages, unpacking, report);
  await rename(unpacking, root);
  return root;
}

async function tellProgress(out: string, report: Report): Promise<void> {
  const built = (await readdir(out, { recursive: true })).filter((name) => name.endsWith('.o')).length;
  const sources = await readdir(join(mediasoupDirectory, 'worker'), { recursive: true });
  const all = sources.filter((name) => /^(src|deps.libwebrtc).*\.(cpp|cc)$/.test(name)).length;
  report(`${Math.floor((100 * built) / all)} % of it is built`);
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
