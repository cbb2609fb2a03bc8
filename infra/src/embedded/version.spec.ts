import { expect, it } from 'vitest';
import { isAtLeast, parseVersion } from './version.js';

it.each([
  ['nats-server: v2.15.1', [2, 15, 1]],
  ['postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)', [15, 18, 0]],
  ['Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64', [7, 0, 15]],
  ['no number here', undefined],
])('reads the version from %j', (text, version) => {
  expect(parseVersion(text)).toEqual(version);
});

it('knows that 2.9 is older than 2.12', () => {
  expect(isAtLeast([2, 9, 10], [2, 12, 0])).toBe(false);
  expect(isAtLeast([2, 12, 0], [2, 12, 0])).toBe(true);
  expect(isAtLeast([3, 0, 0], [2, 12, 0])).toBe(true);
});
