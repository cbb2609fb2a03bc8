import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { formatSource, machineSources, sourceOfSuite } from './debian-sources.js';

let etc = '';

beforeEach(async () => {
  etc = await mkdtemp(join(tmpdir(), 'parley-etc-'));
  await mkdir(join(etc, 'apt/sources.list.d'), { recursive: true });
  await writeFile(join(etc, 'os-release'), 'ID=debian\nVERSION_CODENAME=bookworm\n');
});

afterEach(() => rm(etc, { recursive: true, force: true }));

it('reads the paragraphs of a machine that was set up lately', async () => {
  await writeFile(
    join(etc, 'apt/sources.list.d/debian.sources'),
    `Types: deb deb-src
# a comment
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/example.gpg

Types: deb
URIs: http://mirror.example/vendor
Suites: stable
Components: main

Enabled: no
Types: deb
URIs: http://mirror.example/off
Suites: bookworm
Components: main
`,
  );
  expect((await machineSources(etc)).map(formatSource)).toEqual([
    'deb [signed-by=/usr/share/keyrings/example.gpg] http://mirror.example/debian bookworm main',
    'deb [signed-by=/usr/share/keyrings/example.gpg] http://mirror.example/debian bookworm-updates main',
  ]);
});

it('reads the lines of a machine that was set up long ago', async () => {
  await writeFile(
    join(etc, 'apt/sources.list'),
    `# deb http://mirror.example/old bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main non-free # ours
deb-src http://mirror.example/debian bookworm main
deb http://mirror.example/security bookworm-security main
deb http://mirror.example/vendor stable main
`,
  );
  expect((await machineSources(etc)).map(formatSource)).toEqual([
    'deb [signed-by=/k.gpg] http://mirror.example/debian bookworm main',
    'deb http://mirror.example/security bookworm-security main',
  ]);
});

it('finds another suite on the mirror of the machine', async () => {
  await writeFile(join(etc, 'apt/sources.list'), 'deb http://mirror.example/debian bookworm main\n');
  expect(await sourceOfSuite('sid', etc)).toEqual({ uri: 'http://mirror.example/debian', suite: 'sid' });
});

it('has nothing to say on a machine without apt', async () => {
  await rm(join(etc, 'apt'), { recursive: true });
  expect(await machineSources(etc)).toEqual([]);
});
