import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { releasePidLock, takePidLock, withPidLock } from './pid-lock.js';

let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parley-lock-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

it('is held by one at a time', async () => {
  const path = join(directory, 'lock');
  let inside = 0;
  let most = 0;
  const work = async () => {
    inside++;
    most = Math.max(most, inside);
    await sleep(5);
    inside--;
  };
  await Promise.all(Array.from({ length: 5 }, () => withPidLock(path, work)));
  expect(most).toBe(1);
  expect(await readdir(directory)).toEqual([]);
});

it('names who has it', async () => {
  const path = join(directory, 'lock');
  await takePidLock(path);
  expect(await takePidLock(path)).toMatchObject({ taken: false, holder: { pid: process.pid } });
  await releasePidLock(path);
  expect(await takePidLock(path)).toEqual({ taken: true });
});

it.each([
  ['a process that is gone', () => ({ pid: spawnSync('true').pid, startedAt: '12345' })],
  ['a process whose pid is another one by now', () => ({ pid: process.pid, startedAt: '1' })],
])('is taken over from %s, by one of many', async (_, holder) => {
  const path = join(directory, 'lock');
  await writeFile(path, JSON.stringify(holder()));
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => takePidLock(path)));
  expect(outcomes.filter(({ taken }) => taken)).toHaveLength(1);
});
