import { describe, expect, it } from 'vitest';
import { isKnownModel, NEWEST_MODEL } from './models.js';
import { servedTo } from './served-version.js';
import type { Version } from './versions.js';

const listed = (version: number, more: Partial<Version> = {}): Version => ({
  version,
  model: 1,
  state: 'following',
  role: 'beside',
  madeAt: new Date(0),
  verified: undefined,
  promotedAt: new Date(version),
  ...more,
});
const onlyFirst = (model: number): model is 1 => model === 1;

describe('the version that a query process reads from', () => {
  it('is the one that is served, whichever was promoted last', () => {
    expect(servedTo([listed(1, { role: 'served' }), listed(2)])?.version).toBe(1);
  });

  it('is, for code that does not know its model, the one promoted last of a model that it knows', () => {
    const newer = listed(4, { role: 'served', model: 2 });
    const versions = [
      listed(1),
      listed(3, { promotedAt: new Date(2) }),
      listed(2, { promotedAt: new Date(3) }),
      newer,
    ];
    expect(servedTo(versions, onlyFirst)?.version).toBe(2);
    expect(servedTo(versions)?.version).toBe(4);
  });

  it('is none that is not followed, was never promoted, or is of a model that nobody knows', () => {
    const rest = [
      listed(1, { role: 'served', state: 'dropping' }),
      listed(2, { state: 'building' }),
      listed(3, { promotedAt: undefined }),
      listed(4, { model: NEWEST_MODEL + 1 }),
    ];
    expect(isKnownModel(NEWEST_MODEL + 1)).toBe(false);
    expect(servedTo(rest)).toBeUndefined();
  });
});
