import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findServer, ServerNotFound } from './find-server.js';
import type { Fetch, ServerSource } from './server-source.js';

let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parley-find-'));
  vi.stubEnv('PARLEY_CACHE', join(directory, 'cache'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true, force: true });
});

/** A program that says its version and nothing else. */
const program = async (path: string, version: string): Promise<string> => {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `#!/bin/sh\necho "server v${version}"\n`);
  await chmod(path, 0o755);
  return path;
};

const fetchOf = (id: string, version: string): Fetch => ({
  id,
  from: `the shop ${id}`,
  applies: async () => true,
  fill: async (into) => void (await program(join(into, 'server'), version)),
  command: async (filled) => join(filled, 'server'),
});

const sourceOf = (source: Partial<ServerSource>): ServerSource => ({
  name: 'nats',
  title: 'example-server',
  urlVariable: 'NATS_URL',
  minimum: [2, 12, 0],
  candidates: async () => [],
  fetches: [],
  image: 'example',
  mend: 'apt-get install example',
  ...source,
});

const find = (source: ServerSource, env: NodeJS.ProcessEnv = {}) => {
  const lines: string[] = [];
  return findServer(source, { report: (line) => lines.push(line), env }).then((found) => ({ found, lines }));
};

describe('a server', () => {
  it('is the one whose URL the environment names, before anything else', async () => {
    const path = await program(join(directory, 'server'), '2.15.1');
    const { found } = await find(sourceOf({ candidates: async () => [path] }), { NATS_URL: 'nats://there' });
    expect(found).toMatchObject({ kind: 'url', url: 'nats://there' });
  });

  it('is the first program of this machine that is new enough', async () => {
    const old = await program(join(directory, 'old'), '2.9.10');
    const newer = await program(join(directory, 'newer'), '2.12.3');
    const candidates = async () => [join(directory, 'missing'), old, newer];
    const { found } = await find(sourceOf({ candidates }));
    expect(found).toMatchObject({ kind: 'binary', command: newer, version: [2, 12, 3] });
  });

  it('is fetched when the machine has none, once', async () => {
    const source = sourceOf({ fetches: [fetchOf('a', '2.12.6')] });
    const first = await find(source);
    expect(first.found).toMatchObject({ kind: 'binary', version: [2, 12, 6] });
    expect(first.lines).toEqual([
      'example-server: fetching from the shop a',
      'example-server: fetched 2.12.6',
    ]);
    const second = await find(source);
    expect(second.found).toEqual(first.found);
    expect(second.lines).toEqual([]);
  });

  it('is fetched once by many who start at the same time, and leaves nothing else in the cache', async () => {
    const fill = vi.fn(fetchOf('a', '2.12.6').fill);
    const source = sourceOf({ fetches: [{ ...fetchOf('a', '2.12.6'), fill }] });
    await Promise.all(Array.from({ length: 5 }, () => find(source)));
    expect(fill).toHaveBeenCalledTimes(1);
    expect(await readdir(join(directory, 'cache'))).toEqual(['a']);
  });

  it('is fetched again when the one that was fetched before is too old by now', async () => {
    await find(sourceOf({ minimum: [2, 9, 0], fetches: [fetchOf('moving', '2.9.10')] }));
    const { found } = await find(sourceOf({ fetches: [fetchOf('moving', '2.15.1')] }));
    expect(found).toMatchObject({ version: [2, 15, 1] });
  });

  it('is fetched from the next place when one fails or has only an old one', async () => {
    const broken: Fetch = {
      ...fetchOf('broken', '9.9.9'),
      fill: () => Promise.reject(new Error('no network')),
    };
    const { found, lines } = await find(
      sourceOf({ fetches: [broken, fetchOf('old', '2.9.10'), fetchOf('good', '2.12.6')] }),
    );
    expect(found).toMatchObject({ version: [2, 12, 6] });
    expect(lines).toContain('example-server: not from the shop broken: no network');
  });

  it('that cannot be found is an error with the reasons and the command that mends it', async () => {
    const old = await program(join(directory, 'old'), '2.9.10');
    const missing = find(sourceOf({ candidates: async () => [old] }));
    await expect(missing).rejects.toThrow(ServerNotFound);
    await expect(missing).rejects.toThrow(
      `no example-server 2.12.0 or newer could be found (${old} is 2.9.10). Run: apt-get install example`,
    );
  });
});
