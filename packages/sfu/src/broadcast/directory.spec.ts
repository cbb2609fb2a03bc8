import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createLog } from '@parley/infra/runtime/log';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { makeDirectory, removeLeftBroadcasts } from './directory.js';

let place = '';
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'parley-places-'));
  vi.stubEnv('TMPDIR', place);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(place, { recursive: true });
});

/** The id of a process that has ended. */
async function pidOfBefore(): Promise<number> {
  const ended = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(ended, 'exit');
  return ended.pid as number;
}

it('removes what broadcasts of dead processes have left, and leaves those of living ones and all else', async () => {
  const own = basename(await makeDirectory());
  const dead = `parley-broadcast-${await pidOfBefore()}-123-AbCdEf`;
  // One that has this process's id by chance: it began at another time.
  const earlier = `parley-broadcast-${process.pid}-1-AbCdEf`;
  const others = ['parley-broadcast-notes', 'unrelated'];
  for (const name of [dead, earlier, ...others]) {
    await mkdir(join(place, name, '0'), { recursive: true });
    await writeFile(join(place, name, '0', '1.ts'), 'a segment');
  }
  await removeLeftBroadcasts(createLog('broadcast', 'silent'));
  expect((await readdir(place)).sort()).toEqual([own, ...others].sort());
});
