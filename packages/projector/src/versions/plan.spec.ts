import { NEWEST_MODEL } from '@parley/infra/read-model/models';
import type { Version } from '@parley/infra/read-model/versions';
import { describe, expect, it } from 'vitest';
import { planOf } from './plan.js';

const listed = (version: number, more: Partial<Version> = {}): Version => ({
  version,
  model: NEWEST_MODEL,
  state: 'following',
  role: 'beside',
  madeAt: new Date(0),
  verified: undefined,
  promotedAt: undefined,
  ...more,
});

describe('what a projector does about the builds there are', () => {
  it('is to follow what is to be followed, and to serve the one that is served', () => {
    expect(planOf([], [listed(1, { role: 'previous' }), listed(2, { role: 'served' })])).toEqual({
      begin: [1, 2],
      end: [],
      served: 2,
      outdated: undefined,
      strangers: [],
    });
  });

  it('is to leave alone what a rebuild loads', () => {
    expect(planOf([1], [listed(1, { role: 'served' }), listed(2, { state: 'building' })]).begin).toEqual([]);
  });

  it('is to let go of what is being dropped or is not there any more', () => {
    expect(planOf([1, 2, 3], [listed(2, { state: 'dropping' }), listed(3, { role: 'served' })]).end).toEqual([
      1, 2,
    ]);
  });

  it('is to name what a newer release made, and to serve nothing where that is served', () => {
    const newer = listed(2, { role: 'served', model: NEWEST_MODEL + 1 });
    expect(planOf([1], [listed(1), newer])).toEqual({
      begin: [],
      end: [],
      served: undefined,
      outdated: undefined,
      strangers: [newer],
    });
  });

  it('is to name the one that is served where a rebuild would make a newer model', () => {
    const older = listed(1, { role: 'served', model: NEWEST_MODEL - 1 });
    expect(planOf([], [older, listed(2)])).toMatchObject({ begin: [1, 2], served: 1, outdated: older });
    const beside = listed(1, { role: 'previous', model: NEWEST_MODEL - 1 });
    expect(planOf([], [beside, listed(2, { role: 'served' })]).outdated).toBeUndefined();
  });
});
