import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
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

it('refuses secrets that others can read, and names the command that mends it', async () => {
  await localSecrets(home);
  await chmod(join(home, 'secrets.json'), 0o644);
  await expect(localSecrets(home)).rejects.toThrow(/can be read or written by others: chmod 600 /);
});
