import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findFfmpeg } from './find-ffmpeg.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-program-'));
  await writeFile(join(folder, 'ffmpeg'), '#!/bin/sh\necho ffmpeg version 5.1.9\n');
  await chmod(join(folder, 'ffmpeg'), 0o755);
});
afterAll(() => rm(folder, { recursive: true }));

it('takes the program that is named, before any other', async () => {
  const command = join(folder, 'ffmpeg');
  expect(await findFfmpeg({ env: { PARLEY_FFMPEG: command, PATH: '/usr/bin' } })).toEqual({
    command,
    env: {},
  });
});

it('takes the one on the PATH', async () => {
  expect((await findFfmpeg({ env: { PATH: folder } })).command).toBe(join(folder, 'ffmpeg'));
});

it('says which variable names something that does not run', async () => {
  await expect(findFfmpeg({ env: { PARLEY_FFMPEG: '/nowhere/ffmpeg' } })).rejects.toThrow(
    'PARLEY_FFMPEG is /nowhere/ffmpeg, which does not run as ffmpeg',
  );
});
