import { button, callerIn, hears, tile } from './call-people.js';
import type { WebPerson } from './web-person.js';
import { groupOf, type WebStack } from './web-stack.js';

declare global {
  /** How loud the microphone is, from 0 to 1. */
  var ownVoice: GainNode | undefined;
}

/** A microphone that hums as long as it is told to, and does not to begin with. Runs in the page before its own scripts. */
function humWhenTold(): void {
  const devices = navigator.mediaDevices;
  const native = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (wishes) => {
    if (!wishes?.audio) return native(wishes);
    const context = new AudioContext();
    const hum = context.createOscillator();
    globalThis.ownVoice = context.createGain();
    globalThis.ownVoice.gain.value = 0;
    const microphone = context.createMediaStreamDestination();
    hum.connect(globalThis.ownVoice).connect(microphone);
    hum.start();
    return microphone.stream;
  };
}

export const hum = ({ page }: WebPerson, loudness: number): Promise<void> =>
  page.evaluate((to) => {
    if (globalThis.ownVoice !== undefined) globalThis.ownVoice.gain.value = to;
  }, loudness);

/** Ann and bob in a call of theirs, with microphones that hum when they are told to. */
export async function inHummedCall(stack: WebStack): Promise<readonly [ann: WebPerson, bob: WebPerson]> {
  await groupOf(await stack.client('ann'), 'Spoken', ['bob']);
  const ann = await callerIn(stack, 'Spoken', 'ann', { first: humWhenTold });
  const bob = await callerIn(stack, 'Spoken', 'bob', { first: humWhenTold });
  await button(ann, 'Start a voice call').click();
  await button(bob, 'Accept').first().click();
  return [ann, bob];
}

/** Both show when ann speaks, when she is silent again, and when she has muted herself while she speaks. */
export async function showWhenAnnSpeaks(ann: WebPerson, bob: WebPerson): Promise<void> {
  const marks = [ann, bob].map((each) => tile(each, 'ann').and(each.page.locator('.speaking')));
  const nobodySpeaks = () => Promise.all(marks.map((each) => each.waitFor({ state: 'detached' })));
  const annSpeaks = () => Promise.all(marks.map((each) => each.waitFor()));
  await tile(bob, 'ann').waitFor();
  await nobodySpeaks();
  await hum(ann, 0.5);
  await hears(bob, 'ann');
  await annSpeaks();
  await hum(ann, 0);
  await nobodySpeaks();
  await hum(ann, 0.5);
  await annSpeaks();
  await button(ann, 'Mute').click();
  await nobodySpeaks();
}

/** In how many of 40 looks within 2 s it is not shown that they speak. */
export const pausesShown = ({ page }: WebPerson, user: string): Promise<number> =>
  page.evaluate(async (of) => {
    let pauses = 0;
    for (let n = 0; n < 40; n++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      if (document.querySelector(`.tile.speaking[data-user="${of}"]`) === null) pauses++;
    }
    return pauses;
  }, user);
