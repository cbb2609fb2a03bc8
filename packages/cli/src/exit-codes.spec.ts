import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { exitCodeMeanings, exitCodes } from './exit-codes.js';

it('exit codes are documented as they are', async () => {
  const page = await readFile(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
  const rows = Object.entries(exitCodes).map(
    ([name, code]) => `| ${code} | ${exitCodeMeanings[name as keyof typeof exitCodes]} |`,
  );
  expect(page).toContain(rows.join('\n'));
});
