import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CallPerson } from './call-person.js';
import { type CallStage, openCallStage } from './call-stage.js';
import { allHearAndSee, callOf, gapsWhile, goBy } from './people-in-call.js';

let stage: CallStage;

beforeAll(async () => {
  stage = await openCallStage();
});
afterEach(() => stage?.clear());
afterAll(() => stage?.close());

describe('a call', () => {
  it.each([2, 3])('of %i goes from browser to browser, and each hears and sees each other', async (count) => {
    const { people } = await callOf(stage, count);
    await goBy(people, 'p2p');
    await allHearAndSee(people);
  });

  it('of five goes by a node, and each hears and sees each other', async () => {
    const { people } = await callOf(stage, 5);
    await goBy(people, 'sfu');
    await allHearAndSee(people);
  });

  it('of nine goes by a node, and each hears and sees each other', async () => {
    const { people } = await callOf(stage, 9);
    await goBy(people, 'sfu');
    await allHearAndSee(people);
  });

  it('moves to a node when it grows and back when it shrinks, also at once, and is heard all the while', async () => {
    const { people, id, call } = await callOf(stage, 4, 0);
    const [ann, bob, , dan] = people as [CallPerson, CallPerson, CallPerson, CallPerson];
    await goBy(people, 'p2p');
    await allHearAndSee(people, 0);
    const stay = people.slice(0, 3);
    const eve = await stage.person('u4');
    await stage.join(id, eve.user);

    const grown = await gapsWhile(stay, async () => {
      await eve.join(id, call);
      await goBy([...people, eve], 'sfu');
      await allHearAndSee([...people, eve], 0);
    });
    const shrunk = await gapsWhile(stay, async () => {
      await Promise.all([dan, eve].map((each) => each.leave()));
      await goBy(stay, 'p2p');
      await allHearAndSee(stay, 0);
    });
    const both = await gapsWhile(stay, async () => {
      await Promise.all([dan, eve].map((each) => each.join(id, call)));
      await goBy([ann], 'sfu');
      await Promise.all([dan, eve].map((each) => each.leave()));
      await goBy(stay, 'p2p');
      await allHearAndSee(stay, 0);
    });
    // How long the silence is is measured by the bench `voice-switch`: here others may need the machine.
    expect([...grown, ...shrunk, ...both].filter(({ unplayed }) => unplayed > 0)).toEqual([]);

    const pause = await gapsWhile([ann, bob], async () => {
      await ann.setMic(false);
      const from = await bob.soundTime();
      await waitFor(async () => (await bob.soundTime()) > from + 1, { timeout: 60_000, what: 'a pause' });
    });
    expect(pause.some(({ silenceMs }) => silenceMs > 500)).toBe(true);
  });

  it('goes on while its gateway is away, and is the same call after', async () => {
    const { people } = await callOf(stage, 2, 0);
    await allHearAndSee(people, 0);
    const gaps = await gapsWhile(people, async () => {
      await stage.system.killAndRestart('gateway');
      await Promise.all(people.map((each) => each.isOnline()));
      await goBy(people, 'p2p');
      await allHearAndSee(people, 0);
    });
    expect(gaps.filter(({ unplayed }) => unplayed > 0)).toEqual([]);
  });
});
