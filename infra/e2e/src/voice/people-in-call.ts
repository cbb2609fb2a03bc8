import type { CallOptions } from '@parley/client/voice/call-types';
import { waitFor } from '@parley/infra/testing/wait-for';
import type { CallPerson } from './call-person.js';
import type { CallScene } from './call-scene.js';
import type { Gap } from './page-ears.js';

/** So many people of a new group in a call, of whom the first so many film; the first has started it. */
export async function callOf(
  scene: Pick<CallScene, 'group' | 'person'>,
  count: number,
  films = count,
  options: CallOptions = {},
): Promise<{ readonly people: readonly CallPerson[]; readonly id: string; readonly call: number }> {
  const users = Array.from({ length: count }, (_, n) => `u${n}`);
  const id = await scene.group(...users);
  const people = await Promise.all(users.map((user) => scene.person(user)));
  const call = await (people[0] as CallPerson).start(id, films > 0, options);
  for (const [n, each] of people.entries()) {
    if (n > 0) await each.join(id, call, n < films, options);
    // One after the other, as people come.
    await waitFor(async () => (await each.call()).phase === 'connected', {
      timeout: 60_000,
      what: `${each.user} to be connected`,
    });
  }
  return { people, id, call };
}

/** Resolves when each hears each other one, and sees those of the first so many. */
export const allHearAndSee = (people: readonly CallPerson[], films = people.length): Promise<unknown> =>
  Promise.all(
    people.map((each) => each.hearsAndSees(others(people, each), others(people.slice(0, films), each))),
  );

/** What each of these hears of each other one while something happens. */
export async function gapsWhile(people: readonly CallPerson[], act: () => Promise<void>): Promise<Gap[]> {
  await Promise.all(people.map((each) => each.listen()));
  await act();
  const gaps = await Promise.all(people.map((each) => each.gaps()));
  return gaps.flatMap((of) => people.flatMap(({ user }) => of[user] ?? []));
}

const others = (people: readonly CallPerson[], { user }: CallPerson): string[] =>
  people.map((each) => each.user).filter((other) => other !== user);

/** Resolves when all are connected, in this way. */
export const goBy = (people: readonly CallPerson[], topology: 'p2p' | 'sfu'): Promise<unknown> =>
  waitFor(
    async () => {
      const seen = await Promise.all(people.map((each) => each.call()));
      return seen.every((each) => each.topology === topology && each.phase === 'connected');
    },
    { timeout: 60_000, what: `everybody to be connected by ${topology}` },
  );
