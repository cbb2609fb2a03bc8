import { spawnSync } from 'node:child_process';
import { ensureBuilt, runBuild, runCompiler } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { nodeBinary } from './node-binary.mjs';
import { runChild, runCli } from './run-child.mjs';
import { fail, inRoot, say } from './workspace.mjs';

/** The root's scripts: `npm start` is `run.mjs up`, `npm test` is `run.mjs test`, and so on. */
const verbs = {
  up: async (args) => {
    await ensureBuilt();
    runCli(['up', ...args]);
  },
  test: async (args) => {
    await ensureBuilt();
    runChild(inRoot('node_modules', 'vitest', 'vitest.mjs'), ['run', ...args], { cwd: inRoot() });
  },
  bench: async (args) => {
    await ensureBuilt();
    runChild(inRoot('infra', 'bench', 'dist', 'main.js'), args);
  },
  build: async () => {
    if (!(await runBuild())) process.exit(1);
  },
  /** Format, lint and package boundaries are biome's, by biome.json; types are the compiler's. */
  verify: async (args) => {
    const biome = [inRoot('node_modules', '@biomejs', 'biome', 'bin', 'biome'), 'check', ...args];
    say('format, lint, boundaries');
    const tidy = spawnSync(nodeBinary(), biome, { cwd: inRoot(), stdio: 'inherit' }).status === 0;
    say('types');
    const typed = await runCompiler();
    if (!tidy || !typed) fail('not as it should be; the lines above say where');
    say('all is well');
  },
};

const [verb = '', ...args] = process.argv.slice(2);
if (!Object.hasOwn(verbs, verb)) fail(`usage: run.mjs ${Object.keys(verbs).join('|')} [arguments]`, 64);
await ensureInstalled();
await verbs[verb](args);
