import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../exit-codes.js';
import { runCli } from '../testing/run-cli.js';

let environment: TestEnvironment;
beforeAll(async () => {
  environment = await testEnvironment();
});
afterAll(() => environment?.dispose());

/** What is offered for the last of these words. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const { out } = await runCli(['complete', '--', ...words], {});
  return out.split('\n').flatMap((line) => (line.includes('\t') ? [line.slice(0, line.indexOf('\t'))] : []));
}

describe('completion', () => {
  it('offers verbs, their verbs, and options', async () => {
    expect(await offered('er')).toEqual(expect.arrayContaining(['erase', 'erasure']));
    expect(await offered('log', '')).toEqual(expect.arrayContaining(['inspect', 'verify']));
    expect(await offered('log', 'inspect', '--t')).toEqual(['--top']);
  });

  it('offers files where one is meant, and directories to go on in', async () => {
    const directory = join(environment.home, `completion-${process.pid}`);
    await mkdir(join(directory, 'garden-logs'), { recursive: true });
    await writeFile(join(directory, 'garden.json'), '');
    const both = [join(directory, 'garden-logs/'), join(directory, 'garden.json')];
    expect((await offered('erasure', 'check', join(directory, 'gar'))).toSorted()).toEqual(both);
    expect((await offered('erasure', 'verify', '--out', join(directory, 'gar'))).toSorted()).toEqual(both);
    expect(await offered('erasure', 'check', join(directory, 'no', 'such'))).toEqual([]);
  });

  it('prints a script that the shell can read, and refuses a shell it has none for', async () => {
    const { code, out } = await runCli(['completion', 'bash'], {});
    expect(code).toBe(0);
    await promisify(execFile)('bash', ['-n', '-c', out]);
    expect(await runCli(['completion', 'tcsh'], {})).toMatchObject({ code: exitCodes.usage });
  });
});
