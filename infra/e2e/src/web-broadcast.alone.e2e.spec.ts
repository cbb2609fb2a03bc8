import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type PageEars, rememberConnections } from './voice/page-ears.js';
import { button, callerIn, menuOf, PHONE, plays, shows } from './web/call-people.js';
import { serious } from './web/serious.js';
import { groupOf, type WebStack } from './web/web-stack.js';
import { startWebStackWithNode } from './web/web-stack-with-node.js';

let stack: WebStack;

beforeAll(async () => {
  stack = await startWebStackWithNode();
});
afterAll(() => stack?.stop());

declare const heard: PageEars;

it('watches what is broadcast from a call, without a connection to its node, until it is over', async () => {
  await groupOf(await stack.client('ann'), 'Watched', ['carol']);
  const ann = await callerIn(stack, 'Watched', 'ann');
  const carol = await callerIn(stack, 'Watched', 'carol', { ...PHONE, first: rememberConnections });
  await button(ann, 'Start a video call').click();
  await menuOf(ann);
  await button(ann, 'Broadcast who speaks').click();
  await ann.page.locator('.on-air').waitFor();
  // What rings lies over the button for half a minute.
  await carol.page.keyboard.press('Alt+Shift+D');
  await button(carol, 'Watch').click();
  const video = carol.page.getByLabel('Broadcast of the call');
  await plays(video, 'the broadcast', 120_000);
  const time = () => video.evaluate((element) => (element as HTMLVideoElement).currentTime);
  const seen = await time();
  await waitFor(async () => (await time()) > seen + 0.5, { what: 'the broadcast to go on' });
  expect(await carol.page.evaluate(() => heard.connections.length)).toBe(0);
  expect(await serious(carol.page)).toEqual([]);

  await menuOf(ann);
  await button(ann, 'Stop the broadcast').click();
  await shows(carol, 'Nothing is broadcast just now.');
  // That it is over a player learns by not finding any more of it.
  expect(carol.troubles.filter((trouble) => !/\b404\b/.test(trouble))).toEqual([]);
});
