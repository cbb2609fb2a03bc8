import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const forbidden = [
  ['packages/domain/src/a.ts', 'node:crypto', 'The domain is pure'],
  ['packages/domain/src/deep/b.ts', 'pg', 'The domain is pure'],
  ['packages/domain/src/c.ts', '@parley/infra/runtime/log', 'The domain is pure'],
  ['infra/src/runtime/d.ts', '@parley/gateway/main', 'infra is below the services'],
  ['packages/gateway/src/e.ts', '@parley/projector/main', 'Services share domain and infra'],
  ['packages/command-api/src/f.ts', '@parley/gateway/main', 'Services share domain and infra'],
  ['packages/client/src/g.ts', 'node:fs', "The SDK's core runs in browsers"],
  ['packages/client/src/h.ts', '@parley/infra/runtime/log', "The SDK's core runs in browsers"],
  ['packages/client/src/node/i.ts', '@parley/infra/runtime/log', 'The client knows the wire'],
  ['packages/web/src/i.ts', '@parley/infra/runtime/log', 'The web client runs in browsers'],
  ['packages/web/src/deep/j.ts', 'node:fs', 'The web client runs in browsers'],
  ['packages/projector/src/j.ts', '@nats-io/nats-core/internal', 'Internals of nats.js'],
] as const;

const allowed = [
  ['packages/domain/src/k.ts', 'fp-ts/lib/Either.js'],
  ['packages/domain/src/deep/l.ts', '../ids.js'],
  ['packages/domain/src/m.spec.ts', 'vitest'],
  ['packages/gateway/src/n.ts', '@parley/infra/runtime/log'],
  ['packages/client/src/o.ts', '@parley/domain/ids'],
  ['packages/client/src/node/p.ts', 'node:fs'],
  ['packages/web/src/p.ts', '@parley/client/parley-client'],
  ['packages/cli/src/q.ts', '@parley/gateway/main'],
] as const;

/** A tree that has our rules and one planted import per file. */
let tree = '';
let said = '';

beforeAll(async () => {
  tree = await mkdtemp(join(tmpdir(), 'parley-boundaries-'));
  const rules = JSON.parse(await readFile(join(root, 'biome.json'), 'utf8'));
  await writeFile(join(tree, 'biome.json'), JSON.stringify({ ...rules, vcs: { enabled: false } }));
  for (const [path, imported] of [...forbidden, ...allowed]) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), `import { x } from '${imported}';\n\nexport const y = x;\n`);
  }
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
  const lint = [biome, 'lint', '--only=style/noRestrictedImports', '--max-diagnostics=none', '--colors=off'];
  const { stdout, stderr } = spawnSync(process.execPath, lint, { cwd: tree, encoding: 'utf8' });
  said = stdout + stderr;
});

afterAll(() => rm(tree, { recursive: true, force: true }));

/** What was said of one file. */
const complaint = (path: string): string | undefined =>
  said.split('━━━\n').find((_, index, parts) => parts[index - 1]?.includes(`${path}:`));

describe('a package boundary', () => {
  it.each(forbidden)('stops %s from importing %s', (path, _imported, sentence) => {
    expect(complaint(path)).toContain(sentence);
  });

  it.each(allowed)('lets %s import %s', (path) => {
    expect(complaint(path)).toBeUndefined();
    expect(said).toContain(`Found ${forbidden.length} errors`);
  });
});
