import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { knownMasterKeys, localMasterKeys } from './local-master-keys.js';
import { localSecrets } from './secrets.js';

let home = '';

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'parley-secrets-'));
});

afterEach(() => rm(home, { recursive: true, force: true }));

it('makes the secrets once, for its owner alone', async () => {
  const [first, ...others] = await Promise.all([localSecrets(home), localSecrets(home), localSecrets(home)]);
  expect(others).toEqual([first, first]);
  expect(Buffer.from(first.tokenSecret, 'base64url')).toHaveLength(32);
  expect((await stat(join(home, 'secrets.json'))).mode & 0o777).toBe(0o600);
});

it('makes one, however many ask at once', async () => {
  const made = await Promise.all(Array.from({ length: 50 }, () => localMasterKeys(home)));
  expect(new Set(made).size).toBe(1);
  expect(await readdir(home)).toEqual(['master-keys']);
});

it('refuses secrets that others can read, and names the command that mends it', async () => {
  await localSecrets(home);
  await chmod(join(home, 'secrets.json'), 0o644);
  await expect(localSecrets(home)).rejects.toThrow(/can be read or written by others: chmod 600 /);
});

it('makes a master key once, for its owner alone, and finds those that were put before it', async () => {
  expect(await knownMasterKeys(home)).toBeUndefined();
  const [first, ...others] = await Promise.all([localMasterKeys(home), localMasterKeys(home)]);
  expect(others).toEqual([first]);
  expect(Buffer.from(first, 'base64url')).toHaveLength(32);
  const path = join(home, 'master-keys');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await writeFile(path, `newer\n${first}\n\n`);
  expect(await knownMasterKeys(home)).toBe(`newer,${first}`);
  await chmod(path, 0o640);
  await expect(localMasterKeys(home)).rejects.toThrow(`can be read or written by others: chmod 600 ${path}`);
});
