import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bigLog, farFromItsEnd } from '../testing/big-log.js';
import { type Builds, openBuilds } from '../testing/verify-fixture.js';

describe('verifying a version', { timeout: 60_000 }, () => {
  let builds: Builds;
  let beside: number;

  beforeAll(async () => {
    builds = await openBuilds(2);
    await builds.given(farFromItsEnd(bigLog(60)));
    for (let n = 0; n < 40; n++) await builds.moved('long-1', 'ann', n + 1, n, 1_000 + n);
    await builds.moved('long-2', 'ben', 3, 2, 1_700_000_000_000);
    await builds.project(1);
    beside = await builds.beside();
    await builds.project(beside, 7);
  });
  afterAll(() => builds.close());

  it('says that two builds of one log are equal', async () => {
    const verification = await builds.verify(beside);
    expect(verification).toMatchObject({ verdict: 'equal', isVerified: true, against: 1, differences: [] });
  });

  it('says that a build is what the log says', async () => {
    const verification = await builds.verify(1);
    expect(verification).toMatchObject({
      verdict: 'equal',
      isVerified: true,
      against: 'log',
      differences: [],
    });
  });
});
