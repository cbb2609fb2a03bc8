import { directConversationId } from '@parley/domain/ids';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type PageEars, rememberConnections } from './voice/page-ears.js';
import { button, CALLER, callerIn, hears, PHONE, peopleIn, sees, tile } from './web/call-people.js';
import { letsSpeak, mutes, putsOut } from './web/led-call.js';
import { serious } from './web/serious.js';
import { inHummedCall, showWhenAnnSpeaks } from './web/voice-at-will.js';
import type { WebPerson } from './web/web-person.js';
import { groupOf, startWebStack, type WebStack } from './web/web-stack.js';
import { NODE } from './web/web-stack-with-node.js';

let stack: WebStack;

declare const heard: PageEars;

beforeAll(async () => {
  stack = await startWebStack(['--use-fake-device-for-media-stream']);
});
afterEach(() => stack.clear());
afterAll(() => stack?.stop());

/** How many times smaller than their camera a picture goes out, by a mesh. */
const sentSmaller = ({ page }: WebPerson): Promise<number | undefined> =>
  page.evaluate(
    () =>
      heard.connections
        .flatMap((each) => each.getSenders())
        .find(({ track }) => track?.kind === 'video')
        ?.getParameters().encodings[0]?.scaleResolutionDownBy,
  );

/** By what media goes: a node waits for checks of its paths (`ice-lite`), which no browser does. */
const waysOf = ({ page }: WebPerson): Promise<readonly string[]> =>
  page.evaluate(() =>
    heard.connections
      .filter(({ connectionState }) => connectionState === 'connected')
      .map(({ remoteDescription }) => (remoteDescription?.sdp.includes('a=ice-lite') ? 'node' : 'browser')),
  );

const goesBy = (people: readonly WebPerson[], ways: string): Promise<unknown> =>
  Promise.all(
    people.map((each) =>
      waitFor(async () => (await waysOf(each)).join() === ways, { what: `media to go by ${ways}` }),
    ),
  );

/** The browser asks for devices, and nobody answers it. */
function askForEver(): void {
  const never = new Promise<never>(() => undefined);
  navigator.mediaDevices.getUserMedia = () => never;
  navigator.permissions.query = async () => ({ state: 'prompt' }) as PermissionStatus;
}

describe('two people in two windows', () => {
  it('call, are rung, see and hear each other, go elsewhere meanwhile, and leave', async () => {
    const client = await stack.client('ann');
    await groupOf(client, 'Elsewhere', ['bob']);
    const [ann, bob] = (await peopleIn(stack, 'Garden', 'ann', 'bob')) as [WebPerson, WebPerson];
    await bob.open('Elsewhere');
    await button(ann, 'Start a video call').click();
    const card = bob.page.getByRole('region', { name: 'Incoming video call' });
    await card.getByText('Video call in Garden').waitFor();
    expect(await bob.page.title()).toBe('ann is calling');
    expect(await serious(bob.page)).toEqual([]);

    // By keys, from wherever the focus is.
    await bob.page.keyboard.press('Alt+Shift+V');
    await bob.page.locator('.thread-title h2').filter({ hasText: 'Garden' }).waitFor();
    await Promise.all([sees(ann, 'bob'), sees(bob, 'ann')]);
    await hears(bob, 'ann');
    expect(await serious(ann.page)).toEqual([]);

    await button(ann, 'Mute').click();
    await tile(bob, 'ann').getByRole('img', { name: 'Microphone off' }).waitFor();
    await button(ann, 'Turn camera off').click();
    await tile(bob, 'ann').locator('video').waitFor({ state: 'detached' });
    await button(ann, 'Unmute').click();

    await bob.open('Elsewhere');
    const dock = bob.page.getByRole('region', { name: 'Call' });
    await dock.getByText('Garden').waitFor();
    await hears(bob, 'ann');
    await dock.getByRole('link').click();
    await tile(bob, 'ann').waitFor();

    await button(ann, 'Show messages').click();
    await ann.say('said beside the call');
    await ann.message('said beside the call').waitFor();
    await button(ann, 'Leave the call').click();
    await ann.page.locator('.stage').waitFor({ state: 'detached' });
    await tile(bob, 'ann').waitFor({ state: 'detached' });
    await button(ann, 'Start a video call').waitFor({ state: 'detached' });
    await ann.page.getByRole('button', { name: /^Join call/ }).waitFor();
    await button(bob, 'Leave the call').click();
    await button(ann, 'Start a video call').waitFor();

    // What is left of it: that it was, and for who was not there that they missed it.
    await ann.page.locator('.call-line').getByText('Video call', { exact: true }).waitFor();
    const carol = await stack.person('carol', CALLER);
    await carol.open('Garden');
    await carol.page.locator('.call-line').getByText('Missed video call from ann').waitFor();
    expect(await serious(carol.page)).toEqual([]);
    await carol.page.getByRole('button', { name: 'Call back' }).click();
    await ann.page.getByRole('region', { name: 'Incoming video call' }).getByText('carol').first().waitFor();
    expect([...ann.troubles, ...bob.troubles]).toEqual([]);
  });

  it('end it for both in their own conversation when one hangs up', async () => {
    const conversationId = directConversationId('dora', 'emil');
    const client = await stack.client('dora');
    await client.call('conversation.create', { conversationId, kind: 'direct', members: ['emil'] });
    const [dora, emil] = await Promise.all(['dora', 'emil'].map((user) => stack.person(user, CALLER)));
    await (dora as WebPerson).open('emil');
    await (emil as WebPerson).open('dora');
    await button(dora as WebPerson, 'Start a voice call').click();
    await (emil as WebPerson).page
      .getByRole('button', { name: /^Accept/ })
      .first()
      .click();
    await hears(dora as WebPerson, 'emil');
    await button(emil as WebPerson, 'Leave the call').click();
    await (dora as WebPerson).page.getByText('It was ended for everyone.').waitFor();
    await button(emil as WebPerson, 'Start a voice call').waitFor();
  });

  it('have pictures as large as they are drawn, also where a tile shows the middle of them alone', async () => {
    await groupOf(await stack.client('ann'), 'Cut', ['bob']);
    const ann = await callerIn(stack, 'Cut', 'ann', { first: rememberConnections });
    const bob = await callerIn(stack, 'Cut', 'bob', PHONE);
    await button(ann, 'Start a video call').click();
    await button(bob, 'Accept').first().click();
    await sees(bob, 'ann');
    const { width = 0, height = 1 } = (await tile(bob, 'ann').boundingBox()) ?? {};
    // A quarter of the camera, 320 pixels stretched by a quarter, would do for the width of the tile, and not for that of the picture.
    expect(width).toBeLessThan(400);
    expect((height * 16) / 9).toBeGreaterThan(400);
    await waitFor(async () => (await sentSmaller(ann)) === 2, {
      what: 'half the width of the camera to be sent',
    });
    await bob.page.setViewportSize({ width: 1_000, height: 340 });
    await waitFor(async () => (await sentSmaller(ann)) === 4, { what: 'a quarter for a small window' });
  });

  it('go by a node while one of them is muted by who leads, and from browser to browser after', async () => {
    await stack.system.add('sfu', NODE);
    await groupOf(await stack.client('ann'), 'Led', ['bob']);
    const ann = await callerIn(stack, 'Led', 'ann', { first: rememberConnections });
    const bob = await callerIn(stack, 'Led', 'bob', { first: rememberConnections });
    await button(ann, 'Start a voice call').click();
    await button(bob, 'Accept').first().click();
    await goesBy([ann, bob], 'browser');
    await mutes(ann, bob);
    await goesBy([ann, bob], 'node,node');
    await letsSpeak(ann, bob);
    await goesBy([ann, bob], 'browser');
    await hears(ann, 'bob');
    await putsOut(ann, bob);
    expect([...ann.troubles, ...bob.troubles]).toEqual([]);
  });

  it('see which of them speaks', async () => {
    const [ann, bob] = await inHummedCall(stack);
    await showWhenAnnSpeaks(ann, bob);
  });

  it('are told by sight what the other does not want to answer', async () => {
    const [ann, bob] = (await peopleIn(stack, 'Quiet', 'ann', 'bob')) as [WebPerson, WebPerson];
    await button(ann, 'Start a voice call').click();
    const card = bob.page.getByRole('region', { name: 'Incoming voice call' });
    await card.getByRole('button', { name: 'Decline' }).click();
    await card.waitFor({ state: 'detached' });
    // It goes on without bob, who may still come.
    await bob.page.getByRole('button', { name: /^Join call/ }).click();
    await tile(bob, 'ann').waitFor();
    await tile(ann, 'bob').waitFor();
    await button(ann, 'Devices and settings of the call').click();
    await ann.page.getByLabel('Microphone', { exact: true }).waitFor();
    expect(await serious(ann.page)).toEqual([]);
    await ann.page.getByRole('button', { name: 'End the call for everyone' }).click();
    await bob.page.getByText('It was ended for everyone.').waitFor();
    await button(bob, 'Close').click();
    await button(bob, 'Start a voice call').waitFor();
  });
});

describe('somebody', () => {
  it('whom the browser gives no microphone is told what to do, and may listen', async () => {
    await groupOf(await stack.client('ann'), 'Refused', ['bob']);
    const ann = await stack.person('ann');
    await ann.open('Refused');
    await button(ann, 'Start a voice call').click();
    const dialog = ann.page.getByRole('dialog', { name: 'The microphone may not be used' });
    await dialog.getByText('Allow it in the site settings').waitFor();
    expect(await serious(ann.page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Only listen' }).click();
    await tile(ann, 'ann').getByRole('img', { name: 'Microphone off' }).waitFor();
  });

  it('whom the browser asks for the microphone and who does not answer it may give the call up', async () => {
    await groupOf(await stack.client('ann'), 'Asked', ['bob']);
    const ann = await callerIn(stack, 'Asked', 'ann', { first: askForEver });
    await button(ann, 'Start a voice call').click();
    await ann.page.getByRole('status').getByText('Calling…').waitFor();
    expect(await serious(ann.page)).toEqual([]);
    await button(ann, 'Cancel').click();
    await button(ann, 'Start a voice call').click();
    await button(ann, 'Cancel').click();
    await button(ann, 'Start a video call').waitFor();
    expect(await ann.page.getByRole('dialog').count()).toBe(0);
  });

  it('who holds the space bar talks, and only then, where they wish it so', async () => {
    const [ann, bob] = (await peopleIn(stack, 'Held', 'ann', 'bob')) as [WebPerson, WebPerson];
    await ann.page.getByRole('button', { name: 'Settings' }).click();
    await ann.page.getByLabel('Push to talk').check();
    await ann.page.keyboard.press('Escape');
    await button(ann, 'Start a voice call').click();
    await bob.page.getByRole('button', { name: 'Accept', exact: true }).click();
    const silent = tile(bob, 'ann').getByRole('img', { name: 'Microphone off' });
    await silent.waitFor();
    await ann.page.keyboard.down('Space');
    await silent.waitFor({ state: 'detached' });
    await hears(bob, 'ann');
    await ann.page.keyboard.up('Space');
    await silent.waitFor();
  });

  it('who joins by another device too sees both, and which is this one', async () => {
    const [ann] = (await peopleIn(stack, 'Twice', 'ann')) as [WebPerson];
    await button(ann, 'Start a voice call').click();
    await tile(ann, 'ann').waitFor();
    const other = await stack.person('ann', CALLER);
    await other.open('Twice');
    await other.page.getByRole('button', { name: /^Join call/ }).click();
    await tile(other, 'ann').filter({ hasText: 'You · other device' }).waitFor();
    await tile(ann, 'ann').filter({ hasText: 'You · this device' }).waitFor();
  });
});
