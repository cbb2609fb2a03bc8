import { waitFor } from '@parley/infra/testing/wait-for';
import type { Locator, Page } from 'playwright-core';
import type { WebPerson, WebPersonOptions } from './web-person.js';
import { groupOf, type WebStack } from './web-stack.js';

/** Who may use a microphone and a camera: the browser's own, which beep and turn. */
export const CALLER = { permissions: ['camera', 'microphone'] };

/** A phone's window, in the dark. */
export const PHONE = { viewport: { width: 390, height: 780 }, colorScheme: 'dark' } as const;

/** A group of these people and carol, and a window of each of them that looks at it. */
export async function peopleIn(
  stack: WebStack,
  title: string,
  ...users: readonly string[]
): Promise<readonly WebPerson[]> {
  const [first = ''] = users;
  await groupOf(await stack.client(first), title, [...users, 'carol']);
  return Promise.all(users.map((user) => callerIn(stack, title, user)));
}

/** A window of somebody who may use their devices, and looks at this conversation. */
export async function callerIn(
  stack: WebStack,
  title: string,
  user: string,
  options: WebPersonOptions = {},
): Promise<WebPerson> {
  const person = await stack.person(user, { ...CALLER, ...options });
  // Browsers that encode and decode for each other have little left of two cores.
  person.page.setDefaultTimeout(60_000);
  await person.open(title);
  return person;
}

export const button = ({ page }: WebPerson, name: string): Locator =>
  page.getByRole('button', { name, exact: true });

export const tile = ({ page }: WebPerson, user: string): Locator =>
  page.locator(`.tile:not(.screen)[data-user="${user}"]`);

export const screenOf = ({ page }: WebPerson, user: string): Locator =>
  page.locator(`.tile.screen[data-user="${user}"]`);

/** Opens what there is to set in the call. */
export async function menuOf(person: WebPerson): Promise<void> {
  await button(person, 'Devices and settings of the call').click();
  await person.page.getByLabel('Microphone', { exact: true }).waitFor();
}

/** Does something about somebody in the panel of who is in the call, which is open from then on until Escape. */
export async function actOn({ page }: WebPerson, user: string, what: string): Promise<void> {
  const menu = page.getByRole('button', { name: `What to do about ${user}` });
  if (!(await menu.isVisible())) await page.getByRole('button', { name: /^People in the call/ }).click();
  await menu.click();
  await page.getByRole('menuitem', { name: what, exact: true }).click();
}

export const shows = ({ page }: WebPerson, words: string): Promise<void> =>
  page.getByText(words).first().waitFor();

/** Waits until pictures of that user come in, one after the other. */
export const sees = (person: WebPerson, user: string): Promise<void> =>
  plays(tile(person, user).locator('video'), `pictures of ${user}`);

/** Waits until pictures of a video come, one after the other, and are of some size; `timeout` in ms. */
export async function plays(video: Locator, what: string, timeout = 10_000): Promise<void> {
  await video.waitFor();
  const frames = () =>
    video.evaluate((element) => {
      const { videoWidth, videoHeight } = element as HTMLVideoElement;
      if (videoWidth * videoHeight === 0) return 0;
      return (element as HTMLVideoElement).getVideoPlaybackQuality().totalVideoFrames;
    });
  const before = await frames();
  await waitFor(async () => (await frames()) > before + 5, { what, timeout });
}

/** Waits until something of that user is to be heard. */
export async function hears({ page }: WebPerson, user: string): Promise<void> {
  await waitFor(async () => (await loudness(page, user)) > 0.01, { what: `the voice of ${user}` });
}

/** Waits until nothing of that user is played any more. */
export async function hearsNothingOf({ page }: WebPerson, user: string): Promise<void> {
  await waitFor(async () => (await loudness(page, user)) === 0, { what: `silence of ${user}` });
}

/** The loudest of what is played of them in a second, or until something is. */
const loudness = (page: Page, user: string): Promise<number> =>
  page.evaluate(async (of) => {
    const audio = document.querySelector<HTMLAudioElement>(`audio[data-user="${of}"]`);
    if (audio === null || audio.paused || audio.muted || !(audio.srcObject instanceof MediaStream)) return 0;
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(audio.srcObject).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let loudest = 0;
    for (let n = 0; n < 60 && loudest < 0.02; n++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      analyser.getFloatTimeDomainData(samples);
      loudest = Math.max(loudest, ...samples.map(Math.abs));
    }
    await context.close();
    return loudest;
  }, user);
