import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BAD_MS, GOOD_MS, goodLink, isAudioOnly, type LinkState, stepLink } from './link-state.js';

const bad: LinkState = { tag: 'bad', since: 1_000 };
const audioOnly: LinkState = { tag: 'audioOnly' };
const better: LinkState = { tag: 'better', since: 1_000 };

describe('the way to a participant', () => {
  it.each<[string, LinkState, number, number, LinkState]>([
    ['is good while little is lost', goodLink, 0.09, 1_000, goodLink],
    ['is watched when much is lost', goodLink, 0.1, 1_000, bad],
    ['is good again after a moment', bad, 0.05, 2_000, goodLink],
    ['is bad for a while first', bad, 0.5, 1_000 + BAD_MS - 1, bad],
    ['is for voices alone after that', bad, 0.1, 1_000 + BAD_MS, audioOnly],
    ['stays so between good and bad', audioOnly, 0.05, 9_000, audioOnly],
    ['is watched again when it is better', audioOnly, 0.03, 1_000, better],
    ['goes back at the first loss', better, 0.04, 9_000, audioOnly],
    ['is better for a while first', better, 0, 1_000 + GOOD_MS - 1, better],
    ['is good after that', better, 0, 1_000 + GOOD_MS, goodLink],
  ])('%s', (_, state, loss, now, next) => {
    expect(stepLink(state, loss, now)).toEqual(next);
  });

  it('never changes what is sent sooner than the times say', () => {
    const looks = fc.array(
      fc.record({
        after: fc.integer({ min: 1, max: 4_000 }),
        loss: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    );
    fc.assert(
      fc.property(looks, (each) => {
        let state = goodLink;
        let now = 0;
        let changed = 0;
        for (const { after, loss } of each) {
          now += after;
          const next = stepLink(state, loss, now);
          if (isAudioOnly(next) !== isAudioOnly(state)) {
            expect(now - changed).toBeGreaterThanOrEqual(isAudioOnly(next) ? BAD_MS : GOOD_MS);
            changed = now;
          }
          state = next;
        }
      }),
    );
  });
});
