import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { exitCodes } from '../exit-codes.js';
import { runCli } from '../testing/run-cli.js';

it('signs no token where no stack has been, and leaves nothing there', async () => {
  const home = join(tmpdir(), `parley-nowhere-${crypto.randomUUID()}`);
  const { code, out, err } = await runCli(['token', 'ann'], { PARLEY_HOME: home });
  expect({ code, out }).toEqual({ code: exitCodes.unavailable, out: '' });
  expect(err).toContain(`no stack has been in ${home}: start one`);
  expect(existsSync(home)).toBe(false);
});
