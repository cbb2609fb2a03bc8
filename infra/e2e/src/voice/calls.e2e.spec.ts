import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, afterEach, beforeAll, describe, it } from 'vitest';
import type { CallPerson } from './call-person.js';
import { type CallStage, openCallStage } from './call-stage.js';

let stage: CallStage;

beforeAll(async () => {
  stage = await openCallStage();
});
afterEach(() => stage?.clear());
afterAll(() => stage?.stop());

/** So many people in a call, who film where they may; the first has started it. */
async function callOf(
  count: number,
  films = true,
): Promise<{ people: CallPerson[]; id: string; call: number }> {
  const users = Array.from({ length: count }, (_, n) => `u${n}`);
  const id = await stage.group(...users);
  const people = await Promise.all(users.map((user) => stage.person(user)));
  const call = await (people[0] as CallPerson).start(id, films);
  for (const each of people.slice(1)) await each.join(id, call, films);
  return { people, id, call };
}

const others = (people: readonly CallPerson[], { user }: CallPerson): string[] =>
  people.map((each) => each.user).filter((other) => other !== user);

const allHearAndSee = (people: readonly CallPerson[], films = true): Promise<unknown> =>
  Promise.all(
    people.map((each) => each.hearsAndSees(others(people, each), films ? others(people, each) : [])),
  );

const goesBy = (people: readonly CallPerson[], topology: 'p2p' | 'sfu'): Promise<unknown> =>
  waitFor(
    async () => {
      const seen = await Promise.all(people.map((each) => each.call()));
      return seen.every((each) => each.topology === topology && each.phase === 'connected');
    },
    { timeout: 20_000, what: `everybody to be connected by ${topology}` },
  );

describe('a call', () => {
  it.each([2, 3])('of %i goes from browser to browser, and each hears and sees each other', async (count) => {
    const { people } = await callOf(count);
    await goesBy(people, 'p2p');
    await allHearAndSee(people);
  });

  it.each([5, 9])('of %i goes by a node, and each hears and sees each other', async (count) => {
    const { people } = await callOf(count);
    await goesBy(people, 'sfu');
    await allHearAndSee(people);
  });
});
