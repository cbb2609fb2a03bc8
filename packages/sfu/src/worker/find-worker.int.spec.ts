import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { version } from 'mediasoup';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { testWorker } from '../testing/test-worker.js';
import { survivesPackets } from './deadly-packets.js';
import { findMediasoupWorker, makeWorkerOf, WorkerNotFound } from './find-worker.js';
import { workerIn } from './worker-source.js';

let cache: string;
let made: number;

beforeEach(async () => {
  made = 0;
  cache = await mkdtemp(join(tmpdir(), 'parley-cache-'));
  vi.stubEnv('PARLEY_CACHE', cache);
  vi.stubEnv('PARLEY_MEDIASOUP_WORKER', '');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true });
});

const entry = `mediasoup-worker-${version}.3-${process.platform}-${process.arch}`;

async function make(directory: string): Promise<void> {
  made++;
  await symlink(testWorker.workerBin, join(directory, 'mediasoup-worker'));
}

describe('the media worker', () => {
  it('is the one that is named, before any other', async () => {
    const found = await findMediasoupWorker(undefined, {
      env: { PARLEY_MEDIASOUP_WORKER: testWorker.workerBin },
      make,
    });
    expect(found).toMatchObject({ workerBin: testWorker.workerBin, version });
    expect(made).toBe(0);
  });

  it('is refused by name when what is named is none', async () => {
    await expect(
      findMediasoupWorker(undefined, { env: { PARLEY_MEDIASOUP_WORKER: '/bin/false' }, make }),
    ).rejects.toThrow(
      `PARLEY_MEDIASOUP_WORKER is /bin/false, which does not run as a worker of mediasoup ${version}`,
    );
  });

  it('is made once, and kept', async () => {
    const [first, second] = await Promise.all([
      findMediasoupWorker(undefined, { make }),
      findMediasoupWorker(undefined, { make }),
    ]);
    expect(first.workerBin).toBe(join(cache, entry, 'mediasoup-worker'));
    expect(second).toEqual(first);
    expect(await findMediasoupWorker(undefined, { mayMake: false })).toEqual(first);
    expect(made).toBe(1);
  });

  it('is made anew when what is kept does not run', async () => {
    await mkdir(join(cache, entry));
    await writeFile(join(cache, entry, 'mediasoup-worker'), 'half of it', { mode: 0o755 });
    await findMediasoupWorker(undefined, { make });
    expect(made).toBe(1);
  });

  it('is not kept when it does not run', async () => {
    const broken = (directory: string): Promise<void> =>
      writeFile(join(directory, 'mediasoup-worker'), '#!/bin/sh\nexit 127\n', { mode: 0o755 });
    await expect(findMediasoupWorker(undefined, { make: broken })).rejects.toThrow(WorkerNotFound);
    expect((await readdir(cache)).filter((name) => name === entry)).toEqual([]);
  });

  it('goes on after the packets that end one which is not mended, or fill its memory', async () => {
    expect(await survivesPackets(testWorker.workerBin)).toBe(true);
  });

  it('is only looked for where nothing may be made', async () => {
    await expect(findMediasoupWorker(undefined, { mayMake: false })).rejects.toThrow(
      `no mediasoup worker ${version} is in the cache yet`,
    );
    expect(await readdir(cache)).toEqual([]);
  });
});

describe('the media worker that is made', () => {
  const fetched = async (directory: string) => symlink(testWorker.workerBin, workerIn(directory));
  /** In place of what was fetched, if there is anything, as a build leaves it. */
  async function built(directory: string): Promise<void> {
    await rm(workerIn(directory), { force: true });
    await fetched(directory);
    await writeFile(join(directory, 'origin'), 'built here');
  }
  const failed = (why: string) => () => Promise.reject(new Error(why));
  const survives = async () => true;
  const dies = async () => false;
  const unfit = (directory: string) => writeFile(workerIn(directory), 'for another machine', { mode: 0o755 });

  it.each([
    [
      "is the vendor's where that survives",
      { download: fetched, survives, build: failed('no') },
      /^the vendor's build, kept/,
    ],
    [
      'is built where a packet ends it',
      { download: fetched, survives: dies, build: built },
      /^built here, kept/,
    ],
    [
      "is built where the vendor's does not run here",
      { download: unfit, survives, build: built },
      /^built here, kept/,
    ],
    [
      'is built where nothing can be fetched',
      { download: failed('no route'), survives, build: built },
      /^built here, kept/,
    ],
    [
      "is the vendor's all the same where none can be built, and says so",
      { download: fetched, survives: dies, build: failed('no compiler') },
      /^the vendor's build, which anybody in a call can end by a packet, kept/,
    ],
  ])('%s', async (_, sources, origin) => {
    const found = await findMediasoupWorker(undefined, { make: makeWorkerOf(sources) });
    expect(found.origin).toMatch(origin);
    expect(await findMediasoupWorker(undefined, { mayMake: false })).toEqual(found);
  });

  it('is none, with the reason, where it can neither be fetched nor built', async () => {
    const make = makeWorkerOf({ download: failed('no route'), survives, build: failed('no compiler') });
    await expect(findMediasoupWorker(undefined, { make })).rejects.toThrow('could be made: no compiler');
    expect((await readdir(cache)).filter((name) => name === entry)).toEqual([]);
  });
});
