import { fork } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { storageContract } from '../testing/storage-contract.js';
import { fileStorage } from './file-storage.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parley-client-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

storageContract('a storage in a file', (user) => fileStorage(directory)(user), true);

describe('a file', () => {
  it('has what was stored when its process is killed', async () => {
    const writer = fileURLToPath(new URL('../../dist/node/testing/file-writer.js', import.meta.url));
    const child = fork(writer, [directory], { execArgv: [], silent: true });
    const [stored] = (await once(child, 'message')) as [number];
    child.kill('SIGKILL');
    await once(child, 'exit');
    const storage = await fileStorage(directory)('ann');
    const entries = await storage.entries();
    expect(entries.length).toBeGreaterThanOrEqual(stored);
    expect(entries.map(({ value }) => value)).toEqual(entries.map((_, index) => `command ${index + 1}`));
    await storage.close();
  });

  it('is read up to a last line that was torn', async () => {
    const before = await fileStorage(directory)('ann');
    await before.append('whole');
    await before.close();
    await appendFile(join(directory, 'ann.ndjson'), '{"id":2,"val');
    const after = await fileStorage(directory)('ann');
    expect(await after.entries()).toEqual([{ id: 1, value: 'whole' }]);
    expect(await after.append('next')).toBe(2);
    await after.close();
    expect(await readFile(join(directory, 'ann.ndjson'), 'utf8')).toMatch(/\{"id":2,"value":"next"\}\n$/);
  });

  it('is written anew when most of it no longer counts', async () => {
    const storage = await fileStorage(directory)('ann');
    const large = 'x'.repeat(10_000);
    for (let index = 0; index < 400; index++) await storage.set('list', large);
    expect((await readFile(join(directory, 'ann.ndjson'))).length).toBeLessThan(2_100_000);
    expect(await storage.get('list')).toBe(large);
    await storage.close();
  });

  it('has one holder', async () => {
    const storage = await fileStorage(directory)('ann');
    await expect(fileStorage(directory)('ann')).rejects.toMatchObject({ name: 'FileInUse' });
    await storage.close();
    await (await fileStorage(directory)('ann')).close();
  });
});
