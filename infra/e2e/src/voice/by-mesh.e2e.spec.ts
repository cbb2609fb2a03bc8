import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, afterEach, beforeAll, describe, it } from 'vitest';
import type { CallPerson } from './call-person.js';
import { type CallStage, openCallStage } from './call-stage.js';
import { fitsTiles } from './fits-tiles.js';
import { callOf, goBy } from './people-in-call.js';

let stage: CallStage;
beforeAll(async () => {
  stage = await openCallStage(1, { VOICE_P2P_MAX: '3' });
});
afterEach(() => stage?.clear());
afterAll(() => stage?.close());

describe('a call from browser to browser', () => {
  it('has of each picture what fits its tile, and of one that nobody looks at nothing is sent', () =>
    fitsTiles(stage, 'p2p', 160));

  it('that comes back from a node sends nothing of a picture that nobody looked at there', async () => {
    const { people } = await callOf(stage, 4, 1);
    const [ann, bob, ...others] = people as [CallPerson, CallPerson, CallPerson, CallPerson];
    await goBy(people, 'sfu');
    await bob.hearsAndSees([], [ann.user]);
    await bob.shows(ann.user, null);
    for (const other of others) await other.leave();
    await goBy([ann, bob], 'p2p');
    await waitFor(async () => !(await ann.films()), { what: 'nobody to be filmed for' });
    await bob.shows(ann.user, { width: 160, height: 120 });
    await bob.hearsAndSees([ann.user], [ann.user]);
  });
});
