import { expect } from 'vitest';
import { actOn, button, hears, hearsNothingOf, shows, tile } from './call-people.js';
import { serious } from './serious.js';
import type { WebPerson } from './web-person.js';

/** Ann, who leads, mutes bob: he is told so, and cannot undo it. */
export async function mutes(ann: WebPerson, bob: WebPerson): Promise<void> {
  await hears(ann, 'bob');
  await actOn(ann, 'bob', 'Mute for everyone');
  await shows(ann, 'muted by who leads');
  expect(await serious(ann.page)).toEqual([]);
  const mark = { name: 'Muted by who leads' };
  await Promise.all([ann, bob].map((each) => tile(each, 'bob').getByRole('img', mark).waitFor()));
  await hearsNothingOf(ann, 'bob');
  await button(bob, mark.name).click();
  await shows(bob, 'Who leads here has muted you');
  expect(await serious(bob.page)).toEqual([]);
  await button(bob, mark.name).waitFor();
  await hearsNothingOf(ann, 'bob');
  await hears(bob, 'ann');
}

/** She lets him speak: he is heard at once. */
export async function letsSpeak(ann: WebPerson, bob: WebPerson): Promise<void> {
  await actOn(ann, 'bob', 'Let them speak');
  await button(bob, 'Mute').waitFor();
  await hears(ann, 'bob');
}

/** She puts him out: he is told so, and she is alone. */
export async function putsOut(ann: WebPerson, bob: WebPerson): Promise<void> {
  await actOn(ann, 'bob', 'Put out of the call');
  await shows(bob, 'You were put out of the call');
  await tile(ann, 'bob').waitFor({ state: 'detached' });
  await shows(ann, 'Nobody else is here yet');
  expect(await bob.page.locator('audio[data-user]').count()).toBe(0);
}
