import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Find, searchDirectory } from './search-directory.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parley-search-'));
  await mkdir(join(directory, 'inner'));
});
afterAll(() => rm(directory, { recursive: true }));

async function findsOf(needle: RegExp, longest = 40) {
  const finds: Find[] = [];
  const searched = await searchDirectory(directory, { needle, longest, onFind: (find) => finds.push(find) });
  return { finds: finds.map(({ match, offset }) => [match[0], offset]), searched };
}

describe('searching a directory', () => {
  it('finds every needle once, wherever pieces of a file meet', async () => {
    const path = join(directory, 'inner', 'long');
    const places = [0, 4_194_290, 4_194_304, 8_388_607, 8_400_000];
    const bytes = Buffer.alloc(8_400_020, 0xff);
    for (const place of places) bytes.write('needle-7', place, 'latin1');
    await writeFile(path, bytes);
    const { finds, searched } = await findsOf(/needle-\d/g);
    expect(finds).toStrictEqual(places.map((place) => ['needle-7', place]));
    expect(searched).toMatchObject({ files: 1, bytes: 8_400_020 });
    await rm(path);
  });

  it('says by a digest what it read: the same again, another when one byte differs', async () => {
    const path = join(directory, 'inner', 'short');
    await writeFile(path, 'one');
    const first = (await findsOf(/x/g)).searched.sha256;
    expect((await findsOf(/x/g)).searched.sha256).toBe(first);
    await appendFile(path, '!');
    expect((await findsOf(/x/g)).searched.sha256).not.toBe(first);
    await rm(path);
  });

  it('says where a directory cannot be read', async () => {
    await expect(searchDirectory(join(directory, 'nowhere'), {} as never)).rejects.toThrow('ENOENT');
  });
});
