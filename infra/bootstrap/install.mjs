import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { withLock } from './lock.mjs';
import { fail, inRoot, manifest, projects, say } from './workspace.mjs';

/** Installs the dependencies that the lockfile names, unless exactly those were installed before. */
export const ensureInstalled = async () => {
  if (isInstalled()) return;
  await withLock(() => {
    if (isInstalled()) return;
    const wanted = fingerprint();
    const started = Date.now();
    say(`installing dependencies (${manifest.packageManager})`);
    const { status, error } = spawnSync(
      'npx',
      ['-y', manifest.packageManager, 'install', '--frozen-lockfile', '--config.confirm-modules-purge=false'],
      {
        cwd: inRoot(),
        stdio: ['ignore', 2, 2],
        env: { ...process.env, NPM_CONFIG_UPDATE_NOTIFIER: 'false' },
      },
    );
    if (error) fail(`npx does not start: ${error.message}`);
    if (status !== 0) fail('the dependencies could not be installed; the lines above say why');
    linkOwnCommand();
    writeFileSync(stamp, wanted);
    say(`installed in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  });
};

const stamp = inRoot('node_modules', '.parley-installed');

const isInstalled = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint();

/** Content, not dates: git gives every file it writes the time of the checkout. */
const fingerprint = () => {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  const manifests = projects.map((project) => `${project}/package.json`);
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...manifests]) {
    hash.update(readFileSync(inRoot(file)));
  }
  return hash.digest('hex');
};

/** npx finds the root's own bin only from the root; with this link also from the directories of the packages. */
const linkOwnCommand = () => {
  const link = inRoot('node_modules', '.bin', 'parley');
  mkdirSync(inRoot('node_modules', '.bin'), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync('../../infra/bootstrap/parley.mjs', link);
};
