import { describe, expect, it } from 'vitest';
import { ALIVE_MS, type Alive, deadOf, isSameCompany, type Kept, type Shown, viewOf } from './view.js';

const kept = (on: Record<string, Shown>, seenAt?: number): Kept => ({
  on: new Map(Object.entries(on)),
  seenAt,
});
const alive = (until: Record<string, number>, now = 100_000): Alive => ({
  now,
  until: new Map(Object.entries(until)),
});

describe('how a person is there', () => {
  const both = alive({ one: 105_000, two: 103_000 });

  it.each<[string, Kept, string]>([
    ['online on a gateway that lives', kept({ one: 'online' }), 'online'],
    ['away there', kept({ one: 'away' }), 'away'],
    ['away on one and online on another', kept({ one: 'away', two: 'online' }), 'online'],
    ['online where nobody lives and away where somebody does', kept({ gone: 'online', two: 'away' }), 'away'],
    ['online on a gateway that nobody knows', kept({ gone: 'online' }), 'offline'],
    ['nowhere', kept({}), 'offline'],
  ])('%s is told as the most present of these', (_, person, status) => {
    expect(viewOf('ann', person, both).status).toBe(status);
  });

  it('ends with the life of the gateway, at the very moment', () => {
    const at = (now: number) => viewOf('ann', kept({ one: 'online' }), alive({ one: 100_000 }, now)).status;
    expect([at(99_999), at(100_000)]).toEqual(['online', 'offline']);
  });

  it('was last so when they left, or when their gateway was heard last, whichever is later', () => {
    const dead = alive({ one: 90_000 });
    expect(viewOf('ann', kept({}, 5), dead)).toEqual({ user: 'ann', status: 'offline', lastSeenAt: 5 });
    expect(viewOf('ann', kept({ one: 'away' }, 5), dead).lastSeenAt).toBe(90_000 - ALIVE_MS);
    expect(viewOf('ann', kept({ one: 'away' }, 95_000), dead).lastSeenAt).toBe(95_000);
    expect(viewOf('ann', kept({ lost: 'away' }), dead)).toEqual({ user: 'ann', status: 'offline' });
  });

  it('does not say when somebody was last seen who is there', () => {
    expect(viewOf('ann', kept({ one: 'online' }, 5), both)).toEqual({ user: 'ann', status: 'online' });
  });
});

it('names the gateways that died last', () => {
  expect(deadOf(alive({ one: 105_000, two: 1, three: 100_000, four: 50 }))).toEqual(['three', 'four', 'two']);
});

it('tells whether other gateways are alive than before', () => {
  const before = alive({ one: 105_000, dead: 1 });
  expect(isSameCompany(before, alive({ one: 106_000 }, 101_000))).toBe(true);
  expect(isSameCompany(before, alive({ one: 105_000 }, 105_000))).toBe(false);
  expect(isSameCompany(before, alive({ one: 106_000, two: 106_000 }))).toBe(false);
});
