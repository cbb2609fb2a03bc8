import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { libraryPath } from './fetch-debian.js';

const folder = await mkdtemp(join(tmpdir(), 'parley-unpacked-'));
afterAll(() => rm(folder, { recursive: true }));

it('finds libraries that an unpacked package keeps in a directory of its own', async () => {
  const place = join(folder, 'usr/lib/x86_64-linux-gnu');
  for (const [name, file] of [
    ['pulseaudio', 'libpulsecommon-16.1.so'],
    ['icons', 'sail.png'],
  ] as const) {
    await mkdir(join(place, name), { recursive: true });
    await writeFile(join(place, name, file), '');
  }
  await mkdir(join(folder, 'usr/lib/chromium'));
  expect(await libraryPath(folder)).toBe(`${place}:${join(place, 'pulseaudio')}`);
});
