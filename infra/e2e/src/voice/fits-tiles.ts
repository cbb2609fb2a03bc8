import { waitFor } from '@parley/infra/testing/wait-for';
import { expect } from 'vitest';
import type { CallStage } from './call-stage.js';
import { goBy } from './people-in-call.js';

/**
 * Bob has of ann and cat, who film 640 × 360, what fits their tiles: all of ann, and of cat, in a tile of 160 × 90, a picture so many pixels wide. Ann films for nobody
 * once nobody looks, and is seen again by who looks again.
 */
export async function fitsTiles(stage: CallStage, topology: 'p2p' | 'sfu', narrow: number): Promise<void> {
  const id = await stage.group('ann', 'bob', 'cat');
  const [ann, bob, cat] = [await stage.person('ann'), await stage.person('bob'), await stage.person('cat')];
  const options = { video: { width: 640, height: 360, frameRate: 5 } };
  const call = await ann.start(id, true, options);
  await cat.join(id, call, true, options);
  await bob.join(id, call);
  await goBy([ann, bob, cat], topology);
  await bob.hearsAndSees([], ['ann', 'cat']);
  await bob.shows('ann', { width: 640, height: 360 });
  await bob.shows('cat', { width: 160, height: 90 });
  await waitFor(
    async () => {
      const { ann, cat } = await bob.pictureWidths();
      return ann === 640 && cat === narrow;
    },
    { what: 'a large picture of ann beside a small one of cat', timeout: 30_000 },
  );

  for (const other of [bob, cat]) await other.shows('ann', null);
  await waitFor(async () => !(await ann.films()), { what: 'ann to film for nobody' });
  expect(await cat.films()).toBe(true);
  await bob.shows('ann', { width: 160, height: 90 });
  await bob.hearsAndSees(['ann', 'cat'], ['ann', 'cat']);
}
