import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forgetHome } from '@parley/infra/embedded/forget-home';
import type { CliProcess } from '@parley/infra/testing/cli-process';
import { openBrowser } from '@parley/infra/testing/open-browser';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parleyUp } from './parley-up.js';
import { button, CALLER, hears, sees } from './web/call-people.js';
import { openWebPerson, type WebPerson } from './web/web-person.js';

let home: string;
let run: CliProcess;
let web: string;
let browser: Browser;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'parley-test-'));
  const up = parleyUp(home);
  run = up.run;
  [{ web }, browser] = await Promise.all([up.ready, openBrowser('--use-fake-device-for-media-stream')]);
});
afterAll(async () => {
  await browser?.close();
  run?.child.kill('SIGINT');
  await run?.ended;
  await forgetHome(home);
});

it('two windows of a fresh start call each other at the first click, see and hear', async () => {
  const [ann, bob] = (await Promise.all(
    ['ann', 'bob'].map((user) => openWebPerson(browser, web, user, CALLER)),
  )) as [WebPerson, WebPerson];
  // Browsers that encode and decode for each other have little left of two cores.
  for (const { page } of [ann, bob]) page.setDefaultTimeout(60_000);
  await ann.page.getByRole('button', { name: 'New conversation' }).first().click();
  await ann.page.getByRole('dialog').waitFor();
  await ann.page.keyboard.type('bob ', { delay: 20 });
  await ann.page.keyboard.press('Enter');
  await ann.page.locator('.thread-title h2').filter({ hasText: 'bob' }).waitFor();

  await button(ann, 'Start a video call').click();
  await button(bob, 'Accept with video').click();
  await Promise.all([sees(ann, 'bob'), sees(bob, 'ann')]);
  await Promise.all([hears(ann, 'bob'), hears(bob, 'ann')]);
  expect([...ann.troubles, ...bob.troubles]).toEqual([]);
});
