import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { nodeBinary } from './node-binary.mjs';
import { fail, inRoot, projects, say } from './workspace.mjs';

/** Compiles what changed, unless nothing did since the last time. */
export const ensureBuilt = async () => {
  if (isBuilt()) return;
  await withLock(async () => {
    if (isBuilt()) return;
    const started = Date.now();
    say('building');
    if (!(await runBuild())) fail('the build failed; the lines above say where');
    markBuilt(started);
    say(`built in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  });
};

/** Compiles and bundles the web client, whatever the dates say; true when there was no error. */
export const runBuild = async () => {
  // The bundler reads sources: neither waits for the other.
  const done = await Promise.all([runCompiler(), bundleWeb()]);
  return !done.includes(false);
};

/** Compiles; true when there was no error. */
export const runCompiler = () => run(inRoot('node_modules', 'typescript', 'bin', 'tsc'), ['-b'], inRoot());

const web = inRoot('packages', 'web');

const bundleWeb = () =>
  run(join(web, 'node_modules', 'vite', 'bin', 'vite.js'), ['build', '--logLevel', 'warn'], web);

const run = async (script, args, cwd) => {
  const child = spawn(nodeBinary(), [script, ...args], { cwd, stdio: ['ignore', 2, 2] });
  const [code] = await once(child, 'exit');
  return code === 0;
};

const stamp = inRoot('node_modules', '.parley-built');

/** The time at which the build began: what was written during it is newer. */
const markBuilt = (started) => {
  writeFileSync(stamp, '');
  utimesSync(stamp, started / 1000, started / 1000);
};

const isBuilt = () => {
  const written = projects.filter((project) => existsSync(inRoot(project, 'src')));
  if (!existsSync(stamp) || !existsSync(join(web, 'dist', 'site', 'index.html'))) return false;
  if (written.some((project) => !existsSync(inRoot(project, 'dist')))) return false;
  const builtAt = statSync(stamp).mtimeMs;
  const single = ['tsconfig.base.json', 'tsconfig.json', 'pnpm-lock.yaml'].map((file) => inRoot(file));
  const perProject = written.flatMap((project) => [
    inRoot(project, 'tsconfig.json'),
    inRoot(project, 'package.json'),
    ...walk(inRoot(project, 'src')),
  ]);
  const ofWeb = ['index.html', 'vite.config.ts', 'build', 'public'].flatMap((name) => walk(join(web, name)));
  return [...single, ...perProject, ...ofWeb].every((path) => statSync(path).mtimeMs < builtAt);
};

/** Directories too: theirs is the date that tells of a file which is gone. */
const walk = (path) =>
  statSync(path).isDirectory()
    ? [path, ...readdirSync(path).flatMap((name) => walk(join(path, name)))]
    : [path];
