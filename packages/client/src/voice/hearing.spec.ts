import { describe, expect, it } from 'vitest';
import { createHearing, qualityOf } from './hearing.js';

type Voice = { readonly track: string; readonly received: number; readonly lost: number };

/** A connection as its statistics have it, and how long a packet goes back and forth over it. */
const connection = (roundTripS: number, ...voices: readonly Voice[]) => ({
  getStats: async () =>
    new Map<string, object>([
      ['pair', { type: 'candidate-pair', state: 'succeeded', currentRoundTripTime: roundTripS }],
      ['unused', { type: 'candidate-pair', state: 'failed', currentRoundTripTime: 9 }],
      ...voices.map(({ track, received, lost }): [string, object] => [
        track,
        {
          type: 'inbound-rtp',
          kind: 'audio',
          trackIdentifier: track,
          packetsReceived: received,
          packetsLost: lost,
          jitter: 0.01,
        },
      ]),
    ]) as unknown as RTCStatsReport,
});

describe('how a call is heard', () => {
  it('is measured since the last time, of each voice and of all', async () => {
    const hear = createHearing();
    const bob = { track: 'bob', received: 1_000, lost: 500 };
    await hear([connection(0.05, bob, { track: 'cat', received: 100, lost: 0 })]);
    const { heard, quality, byTrack } = await hear([
      connection(
        0.05,
        { ...bob, received: 1_200 },
        { track: 'cat', received: 280, lost: 20 },
        { track: 'dan', received: 0, lost: 0 },
      ),
    ]);
    expect(heard).toEqual({ rttMs: 50, latencyMs: 25, jitterMs: 10, lossPerMille: 50, gapMs: 0 });
    expect(quality).toBe('fair');
    expect(Object.fromEntries(byTrack)).toEqual({ bob: 'good', cat: 'fair', dan: 'good' });
  });

  it('is of one participant as its own connection is', async () => {
    const far = connection(0.9, { track: 'far', received: 100, lost: 0 });
    const near = connection(0.01, { track: 'near', received: 100, lost: 0 });
    const { byTrack, heard } = await createHearing()([far, near]);
    expect(Object.fromEntries(byTrack)).toEqual({ far: 'poor', near: 'good' });
    expect(heard.rttMs).toBe(900);
  });

  it.each([
    [{ received: 1_000, lost: 0 }, 'good'],
    [{ received: 960, lost: 40 }, 'fair'],
    [{ received: 880, lost: 120 }, 'poor'],
    // A silent one: no more can be said.
    [{ received: 10, lost: 3 }, 'good'],
    [{ received: 1_000, lost: 0, jitterMs: 50 }, 'fair'],
    [{ received: 1_000, lost: 0, rttMs: 900 }, 'poor'],
  ] as const)('with %j is %s', (passed, quality) => {
    expect(qualityOf({ jitterMs: 0, rttMs: 0, ...passed })).toBe(quality);
  });
});
