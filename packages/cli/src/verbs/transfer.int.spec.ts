import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../exit-codes.js';
import { runCli } from '../testing/run-cli.js';

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'parley-transfer-cli-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const cli = (...args: readonly string[]) => runCli(['conversation', ...args], { PARLEY_HOME: home });

describe('moving a conversation', () => {
  it.each(['check', 'import'])('says of %s that there is no such file', async (verb) => {
    const missing = join(home, 'missing.parley');
    expect(await cli(verb, missing)).toEqual({
      code: exitCodes.noInput,
      out: '',
      err: `parley: there is no file ${missing}\n`,
    });
  });

  it('says in which line a file is none, without a stack', async () => {
    const file = join(home, 'notes.txt');
    await writeFile(file, 'to do\n');
    expect(await cli('check', file)).toEqual({
      code: exitCodes.badData,
      out: '',
      err: `parley: ${file}, line 1: this is no exported conversation, or its first line was changed\n`,
    });
  });

  it('wants to know where to, and asks nobody for a passphrase where nobody is', async () => {
    expect(await cli('export', 'garden')).toMatchObject({
      code: exitCodes.usage,
      err: expect.stringContaining('--out'),
    });
    const env = { PARLEY_HOME: home, PARLEY_MASTER_KEYS: Buffer.alloc(32, 1).toString('base64url') };
    const asked = await runCli(['conversation', 'export', 'garden', '--out', join(home, 'garden')], env);
    expect(asked).toMatchObject({
      code: exitCodes.usage,
      err: expect.stringContaining('--passphrase-file'),
    });
  });
});
