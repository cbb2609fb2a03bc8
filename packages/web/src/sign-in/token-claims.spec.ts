import { describe, expect, it } from 'vitest';
import { claimsOf, isEnding } from './token-claims.js';

const encode = (value: unknown): string =>
  btoa(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_');
const token = (payload: unknown): string => `${encode({ alg: 'HS256' })}.${encode(payload)}.c2lnbmF0dXJl`;

describe('a token', () => {
  it('says whose it is, on which device, and until when', () => {
    expect(claimsOf(` ${token({ sub: 'ann', did: 'web-1', iat: 1_000, exp: 4_600 })}\n`)).toEqual({
      user: 'ann',
      device: 'web-1',
      issuedAt: 1_000_000,
      expiresAt: 4_600_000,
    });
  });

  it.each([
    '',
    'ann',
    'a.b.c',
    token({ sub: 'ann', exp: 1 }),
    token('ann'),
    token({ sub: 1, did: 'd', exp: 1 }),
  ])('is none: %s', (text) => {
    expect(claimsOf(text)).toBeUndefined();
  });

  it.each([
    ['an hour', 3_600_000, 61_000],
    ['twenty seconds', 20_000, 3_000],
  ])('that lives %s is replaced when the gateway warns, not before', (_, life, ahead) => {
    const claims = { user: 'ann', device: 'd', issuedAt: 0, expiresAt: life };
    expect(isEnding(claims, life - ahead - 1)).toBe(false);
    expect(isEnding(claims, life - ahead)).toBe(true);
  });
});
