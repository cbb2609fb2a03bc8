import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { nodeBinary } from './node-binary.mjs';
import { fail, inRoot, projects, say } from './workspace.mjs';

/** Compiles what changed, unless nothing did since the last time. */
export const ensureBuilt = async () => {
  if (isBuilt()) return;
  await withLock(() => {
    if (isBuilt()) return;
    const started = Date.now();
    say('building');
    if (!runCompiler()) fail('the build failed; the lines above say where');
    markBuilt(started);
    say(`built in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  });
};

/** Compiles, whatever the dates say; true when there was no error. */
export const runCompiler = () =>
  spawnSync(nodeBinary(), [inRoot('node_modules', 'typescript', 'bin', 'tsc'), '-b'], {
    cwd: inRoot(),
    stdio: ['ignore', 2, 2],
  }).status === 0;

const stamp = inRoot('node_modules', '.parley-built');

/** The time at which the build began: what was written during it is newer. */
const markBuilt = (started) => {
  writeFileSync(stamp, '');
  utimesSync(stamp, started / 1000, started / 1000);
};

const isBuilt = () => {
  const written = projects.filter((project) => existsSync(inRoot(project, 'src')));
  if (!existsSync(stamp) || written.some((project) => !existsSync(inRoot(project, 'dist')))) return false;
  const builtAt = statSync(stamp).mtimeMs;
  const single = ['tsconfig.base.json', 'tsconfig.json', 'pnpm-lock.yaml'].map((file) => inRoot(file));
  const perProject = written.flatMap((project) => [
    inRoot(project, 'tsconfig.json'),
    inRoot(project, 'package.json'),
    ...walk(inRoot(project, 'src')),
  ]);
  return [...single, ...perProject].every((path) => statSync(path).mtimeMs < builtAt);
};

/** Directories too: theirs is the date that tells of a file which is gone. */
const walk = (directory) => [
  directory,
  ...readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? walk(path) : [path];
  }),
];
