import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findChromium } from './find-chromium.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-chromium-'));
  await writeFile(join(folder, 'chromium'), '#!/bin/sh\necho Chromium 150.0.1\n');
  await chmod(join(folder, 'chromium'), 0o755);
});
afterAll(() => rm(folder, { recursive: true }));

it('takes the browser that is named, before any other', async () => {
  const command = join(folder, 'chromium');
  expect(await findChromium(undefined, { PARLEY_CHROMIUM: command, PATH: '/usr/bin' })).toEqual({
    command,
    env: {},
  });
});

it('takes the one on the PATH', async () => {
  expect((await findChromium(undefined, { PATH: folder })).command).toBe(join(folder, 'chromium'));
});

it('says which variable names something that does not run', async () => {
  await expect(findChromium(undefined, { PARLEY_CHROMIUM: '/nowhere/chromium' })).rejects.toThrow(
    'PARLEY_CHROMIUM is /nowhere/chromium',
  );
});
