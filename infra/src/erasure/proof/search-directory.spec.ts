import { rmSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Find, PIECE, searchDirectory } from './search-directory.js';

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
    const places = [0, PIECE - 14, PIECE, 2 * PIECE - 1, 3 * PIECE - 41, 3 * PIECE - 8, 4 * PIECE];
    const bytes = Buffer.alloc(4 * PIECE + 20, 0xff);
    for (const place of places) bytes.write('needle-7', place, 'latin1');
    await writeFile(path, bytes);
    const { finds, searched } = await findsOf(/needle-\d/g);
    expect(finds).toStrictEqual(places.map((place) => ['needle-7', place]));
    expect(searched).toMatchObject({ files: 1, bytes: bytes.length });
    await rm(path);
  });

  it('finds nothing that is in part of one file and in part of another', async () => {
    const [before, after] = ['1', '2'].map((name) => join(directory, name)) as [string, string];
    await writeFile(before, '7'.repeat(PIECE + 30).concat('needle'));
    await writeFile(after, '-7 needle-');
    const { finds, searched } = await findsOf(/needle-\d/g);
    expect(finds).toStrictEqual([]);
    expect(searched).toMatchObject({ files: 2, bytes: PIECE + 46 });
    await rm(before);
    await rm(after);
  });

  it('searches what links lead to, each directory once, and passes over those that lead nowhere', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'parley-search-'));
    await writeFile(join(elsewhere, 'log'), 'x');
    const links = [
      ['pg_wal', elsewhere],
      ['pg_wal_again', elsewhere],
      ['log', join(elsewhere, 'log')],
      ['round', directory],
      ['nowhere', join(elsewhere, 'nothing')],
    ] as const;
    for (const [name, to] of links) await symlink(to, join(directory, name));
    const found: string[] = [];
    const search = { needle: /x/g, longest: 1, onFind: ({ file }: Find) => void found.push(file) };
    await searchDirectory(directory, search);
    expect(found).toStrictEqual([join(directory, 'log'), join(directory, 'pg_wal', 'log')]);
    for (const [name] of links) await rm(join(directory, name));
    await rm(elsewhere, { recursive: true });
  });

  it('passes over a file that goes away meanwhile', async () => {
    const [first, second] = ['1', '2'].map((name) => join(directory, name)) as [string, string];
    await writeFile(first, 'x');
    await writeFile(second, 'x');
    const searched = await searchDirectory(directory, {
      needle: /x/g,
      longest: 1,
      onFind: () => rmSync(second),
    });
    expect(searched).toMatchObject({ files: 1, bytes: 1 });
    await rm(first);
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
