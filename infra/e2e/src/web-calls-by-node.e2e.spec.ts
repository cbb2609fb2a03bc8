import { waitFor } from '@parley/infra/testing/wait-for';
import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type PageEars, rememberConnections } from './voice/page-ears.js';
import {
  button,
  callerIn,
  hears,
  hearsNothingOf,
  menuOf,
  PHONE,
  plays,
  screenOf,
  sees,
  shows,
  tile,
} from './web/call-people.js';
import { letsSpeak, mutes, putsOut } from './web/led-call.js';
import { serious } from './web/serious.js';
import { hum, inHummedCall, pausesShown, showWhenAnnSpeaks } from './web/voice-at-will.js';
import type { WebPerson } from './web/web-person.js';
import { groupOf, type WebStack } from './web/web-stack.js';
import { startWebStackWithNode } from './web/web-stack-with-node.js';

let stack: WebStack;

beforeAll(async () => {
  stack = await startWebStackWithNode();
});
afterEach(() => stack.clear());
afterAll(() => stack?.stop());

declare const heard: PageEars;

/** Bob's microphone is one that was unplugged since he chose it. */
function chooseWhatIsGone(): void {
  localStorage.setItem('parley.bob.calls', JSON.stringify({ microphone: 'unplugged' }));
}

/** Ann, who leads, and bob on a phone, both in a call of theirs. */
async function inCall(title: string): Promise<readonly [WebPerson, WebPerson]> {
  await groupOf(await stack.client('ann'), title, ['bob', 'carol']);
  const ann = await callerIn(stack, title, 'ann', { first: rememberConnections });
  const bob = await callerIn(stack, title, 'bob', { ...PHONE, first: chooseWhatIsGone });
  await button(ann, 'Start a video call').click();
  await button(bob, 'Accept').first().click();
  return [ann, bob];
}

const choose = async ({ page }: WebPerson, kind: string, label: string): Promise<void> => {
  await page.getByLabel(kind, { exact: true }).selectOption({ label });
};

/** By which devices somebody is heard and seen. */
const sentBy = ({ page }: WebPerson): Promise<readonly string[]> =>
  page.evaluate(() =>
    heard.connections
      .filter(({ connectionState }) => connectionState === 'connected')
      .flatMap((each) => each.getSenders())
      .flatMap(({ track }) => track?.label ?? []),
  );

/** How somebody's screen is sent. */
const screenSentBy = ({ page }: WebPerson) =>
  page.evaluate(() => {
    const sender = heard.connections
      .filter(({ connectionState }) => connectionState === 'connected')
      .flatMap((each) => each.getSenders())
      .find(({ track }) => track?.getSettings().displaySurface !== undefined);
    const { degradationPreference, encodings = [] } = sender?.getParameters() ?? {};
    return {
      contentHint: sender?.track?.contentHint,
      degradationPreference,
      encodings: encodings.map(({ scaleResolutionDownBy, maxBitrate, maxFramerate }) => ({
        scaleResolutionDownBy,
        maxBitrate,
        maxFramerate,
      })),
    };
  });

/** Waits until what a video shows has come in that many pixels a line. */
async function isWide(video: Locator, width: number): Promise<void> {
  const now = () => video.evaluate((element) => (element as HTMLVideoElement).videoWidth);
  await waitFor(async () => (await now()) === width, { what: `a picture ${width} wide`, timeout: 80_000 });
}

describe('who is in a call by a node', () => {
  it('shows their screen, hears nobody, and takes other devices', async () => {
    const [ann, bob] = await inCall('Devices');
    await button(ann, 'Share screen').click();
    const screen = screenOf(bob, 'ann').locator('video');
    await plays(screen, 'the screen of ann');
    expect(await serious(bob.page)).toEqual([]);
    expect(await screenSentBy(ann)).toEqual({
      contentHint: 'detail',
      degradationPreference: 'maintain-resolution',
      encodings: [
        { scaleResolutionDownBy: 2, maxBitrate: 1_000_000, maxFramerate: 15 },
        { scaleResolutionDownBy: 1, maxBitrate: 8_000_000, maxFramerate: 30 },
      ],
    });
    await isWide(screen, 960);
    await bob.page.setViewportSize({ width: 1_920, height: 1_080 });
    await isWide(screen, 1_920);
    await plays(screen, 'the whole screen of ann');
    await bob.page.setViewportSize(PHONE.viewport);
    await isWide(screen, 960);
    await button(ann, 'Stop sharing').first().click();
    await screenOf(bob, 'ann').waitFor({ state: 'detached' });

    await hears(ann, 'bob');
    await button(ann, 'Hear nobody').click();
    await tile(bob, 'ann').getByRole('img', { name: 'Hears nobody' }).waitFor();
    await hearsNothingOf(ann, 'bob');
    await button(ann, 'Hear the others').click();
    await hears(ann, 'bob');

    await menuOf(ann);
    await choose(ann, 'Microphone', 'Fake Audio Input 2');
    await choose(ann, 'Camera', 'fake_device_2');
    await choose(ann, 'Speaker', 'Fake Audio Output 2');
    await waitFor(async () => (await sentBy(ann)).toSorted().join() === 'Fake Audio Input 2,fake_device_2', {
      what: 'the other devices to be sent by',
    });
    await waitFor(async () => (await speakerFor(ann, 'bob')) === 'Fake Audio Output 2', {
      what: 'bob to be played by the other speaker',
    });
    await ann.page.keyboard.press('Escape');
    await Promise.all([sees(bob, 'ann'), hears(bob, 'ann'), hears(ann, 'bob')]);
  });

  it('is silent without a microphone and before they hold the bar, by whichever switch they wish it so', async () => {
    const [ann, bob] = await inCall('Held');
    const silent = tile(bob, 'ann').getByRole('img', { name: 'Microphone off' });
    await hears(bob, 'ann');
    await button(ann, 'Settings').click();
    await ann.page.getByLabel('Push to talk: hold the space bar').check();
    await ann.page.keyboard.press('Escape');
    await silent.waitFor();
    // By keys the space bar would press what has the focus.
    await tile(ann, 'bob').click();
    await ann.page.keyboard.down('Space');
    await silent.waitFor({ state: 'detached' });
    await hears(bob, 'ann');
    await ann.page.keyboard.up('Space');
    await silent.waitFor();
    await menuOf(ann);
    await ann.page.getByLabel('Push to talk').uncheck();
    await ann.page.keyboard.press('Escape');
    await button(ann, 'Unmute').click();
    await silent.waitFor({ state: 'detached' });

    await unplug(ann);
    await silent.waitFor();
    await button(ann, 'Unmute').click();
    await silent.waitFor({ state: 'detached' });
    await hears(bob, 'ann');
  });
});

describe('who leads a call by a node', () => {
  it('mutes somebody, lets them speak and puts them out', async () => {
    const [ann, bob] = await inCall('Led');
    await mutes(ann, bob);
    await letsSpeak(ann, bob);
    await putsOut(ann, bob);
    expect([...ann.troubles, ...bob.troubles]).toEqual([]);
  });
});

describe('who speaks in a call by a node', () => {
  it('is shown while they do, also to somebody who hears nobody', async () => {
    const [ann, bob] = await inHummedCall(stack);
    await showWhenAnnSpeaks(ann, bob);
    await hum(ann, 0);
    await button(ann, 'Unmute').click();
    await tile(bob, 'ann').getByRole('img', { name: 'Microphone off' }).waitFor({ state: 'detached' });
    await button(bob, 'Hear nobody').click();
    await tile(ann, 'bob').getByRole('img', { name: 'Hears nobody' }).waitFor();
    await hum(ann, 0.5);
    await tile(bob, 'ann').and(bob.page.locator('.speaking')).waitFor();
    expect(await pausesShown(bob, 'ann')).toBe(0);
  });
});

describe('who is in a call of a channel', () => {
  it('listens, is asked for no microphone, and speaks for as long as they lead it', async () => {
    const owner = await stack.client('ann');
    const conversationId = await groupOf(owner, 'Stage', ['bob'], 'channel');
    const give = (role: 'admin' | 'member') =>
      owner.call('member.setRole', { conversationId, user: 'bob', role });
    const ann = await callerIn(stack, 'Stage', 'ann');
    const bob = await callerIn(stack, 'Stage', 'bob', { ...PHONE, first: rememberConnections });
    await button(ann, 'Start a video call').click();
    await button(bob, 'Accept').first().click();
    await Promise.all([sees(bob, 'ann'), hears(bob, 'ann')]);
    await shows(bob, 'You listen');
    expect(await sentBy(bob)).toEqual([]);
    expect(await serious(bob.page)).toEqual([]);

    await give('admin');
    await button(bob, 'Turn camera on').click();
    await button(bob, 'Unmute').click();
    await Promise.all([sees(ann, 'bob'), hears(ann, 'bob')]);

    await give('member');
    await shows(bob, 'You listen');
    await tile(bob, 'bob').getByRole('img', { name: 'Microphone off' }).waitFor();
    await tile(ann, 'bob').locator('video').waitFor({ state: 'detached' });
    await hearsNothingOf(ann, 'bob');
  });
});

describe('a node and a gateway that are away', () => {
  it('are told of in the page, which goes on by itself when they are back', async () => {
    const [ann, bob] = await inCall('Away');
    const both = [ann, bob];
    await Promise.all([sees(bob, 'ann'), hears(ann, 'bob')]);
    await stack.system.services.get('sfu')?.at(-1)?.end('SIGKILL');
    const noServer = 'No server can carry this call now.';
    await Promise.all(both.map((each) => veil(each, 'Reconnecting…').getByText(noServer).waitFor()));
    expect(await serious(bob.page)).toEqual([]);
    const carol = await callerIn(stack, 'Away', 'carol');
    await carol.page.locator('.call-line').getByRole('button', { name: 'Join' }).click();
    await veil(carol, 'Joining…').getByText(noServer).waitFor();
    // One that can make no broadcast, which is told too.
    await stack.system.add('sfu', { PARLEY_FFMPEG: '/nowhere/ffmpeg' });
    await Promise.all([...both, carol].map((each) => veil(each).waitFor({ state: 'detached' })));
    await Promise.all([sees(bob, 'ann'), hears(ann, 'bob')]);

    await menuOf(ann);
    await button(ann, 'Broadcast who speaks').click();
    await Promise.all([...both, carol].map((each) => shows(each, 'Not on air:')));
    await button(carol, 'Leave the call').click();
    await carol.page.locator('.call-line').getByRole('button', { name: 'Join' }).click();
    await shows(carol, 'Not on air:');

    await button(carol, 'Hear nobody').click();
    const hearsNobody = tile(ann, 'carol').getByRole('img', { name: 'Hears nobody' });
    await hearsNobody.waitFor();
    await stack.system.services.get('gateway')?.at(-1)?.end('SIGKILL');
    const cut = ({ page }: WebPerson) => page.locator('.stage').getByText('What is said goes on meanwhile.');
    await Promise.all(both.map((each) => cut(each).waitFor()));
    await Promise.all([sees(bob, 'ann'), hears(ann, 'bob')]);
    await stack.system.killAndRestart('gateway');
    await Promise.all(both.map((each) => cut(each).waitFor({ state: 'detached' })));
    await hearsNobody.waitFor();
    await button(ann, 'Turn camera off').click();
    await tile(bob, 'ann').locator('video').waitFor({ state: 'detached' });
  });
});

/** What lies over the tiles while no media comes. */
const veil = ({ page }: WebPerson, words = '') => page.locator('.veil').filter({ hasText: words });

/** As if the microphone were pulled out. */
const unplug = ({ page }: WebPerson): Promise<void> =>
  page.evaluate(() => {
    for (const connection of heard.connections)
      for (const { track } of connection.getSenders())
        if (track?.kind === 'audio') track.dispatchEvent(new Event('ended'));
  });

const speakerFor = ({ page }: WebPerson, user: string): Promise<string | undefined> =>
  page.evaluate(async (of) => {
    const audio = document.querySelector<HTMLAudioElement>(`audio[data-user="${of}"]`);
    const devices = await navigator.mediaDevices.enumerateDevices();
    return devices.find(({ kind, deviceId }) => kind === 'audiooutput' && deviceId === audio?.sinkId)?.label;
  }, user);
