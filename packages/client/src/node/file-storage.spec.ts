import { fork } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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

  it('holds nothing of what was removed, replaced or set anew, and all of the rest', async () => {
    const storage = await fileStorage(directory)('ann');
    const [sent, failed, kept] = await Promise.all(
      ['a secret that was sent ✓', 'a secret that failed', 'kept ✓'].map((value) =>
        storage.append({ value }),
      ),
    );
    await storage.set('list', 'a secret preview');
    await storage.remove(sent as number);
    await storage.replace(failed as number, 'why');
    await storage.set('list', 'another list');
    const text = await readFile(join(directory, 'ann.ndjson'), 'utf8');
    expect(text).not.toContain('secret');
    expect(await storage.entries()).toEqual([
      { id: failed, value: 'why' },
      { id: kept, value: { value: 'kept ✓' } },
    ]);
    await storage.close();
    const again = await fileStorage(directory)('ann');
    expect((await again.entries()).map(({ id }) => id)).toEqual([failed, kept]);
    expect(await again.get('list')).toBe('another list');
    await again.close();
  });

  it('is read though its process was killed while it blanked a line', async () => {
    const before = await fileStorage(directory)('ann');
    await before.append('gone');
    await before.append('there');
    await before.remove(1);
    await before.close();
    const path = join(directory, 'ann.ndjson');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace(/^ +$/m, '      e":"half of it'));
    const after = await fileStorage(directory)('ann');
    expect(await after.entries()).toEqual([{ id: 2, value: 'there' }]);
    await after.close();
  });

  it('is empty and can be added to after it was cleared', async () => {
    const storage = await fileStorage(directory)('ann');
    await storage.append('before');
    await storage.clear();
    await storage.append('after');
    expect(await readFile(join(directory, 'ann.ndjson'), 'utf8')).toBe('{"id":2,"value":"after"}\n');
    await storage.close();
  });

  it('has one holder', async () => {
    const storage = await fileStorage(directory)('ann');
    await expect(fileStorage(directory)('ann')).rejects.toMatchObject({ name: 'FileInUse' });
    await storage.close();
    await (await fileStorage(directory)('ann')).close();
  });
});
