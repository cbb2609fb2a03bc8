import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { configOf, decodeConfig } from './config.js';

const codec = configOf('NATS_URL', 'PARLEY_PARTITIONS', 'PARLEY_TOKEN_SECRET', 'PARLEY_LOG_LEVEL');
const good = { NATS_URL: 'nats://127.0.0.1:4222' };

const faults = (env: NodeJS.ProcessEnv) => {
  const config = decodeConfig(codec, env);
  return E.isLeft(config) ? config.left : [];
};

describe('the configuration', () => {
  it('takes its values from variables and fills in what has a default', () => {
    expect(decodeConfig(codec, { ...good, PARLEY_PARTITIONS: '4' })).toEqual(
      E.right({
        NATS_URL: 'nats://127.0.0.1:4222',
        PARLEY_PARTITIONS: 4,
        PARLEY_TOKEN_SECRET: undefined,
        PARLEY_LOG_LEVEL: 'info',
      }),
    );
  });

  it.each([
    ['PARLEY_PARTITIONS', '0', 'PARLEY_PARTITIONS is "0": expected a whole number from 1 to 100'],
    ['PARLEY_PARTITIONS', '4.5', 'PARLEY_PARTITIONS is "4.5": expected a whole number from 1 to 100'],
    ['PARLEY_PARTITIONS', '0x10', 'PARLEY_PARTITIONS is "0x10": expected a whole number from 1 to 100'],
    ['PARLEY_LOG_LEVEL', 'loud', /^PARLEY_LOG_LEVEL is "loud": expected one of trace, debug, /],
    ['NATS_URL', 'localhost', /^NATS_URL is not usable: expected a URL that begins with nats:\/\//],
    ['NATS_URL', '', /^NATS_URL is not set: set it to a URL/],
    ['PARLEY_HTTP_PORT', '65536', 'PARLEY_HTTP_PORT is "65536": expected a whole number from 0 to 65535'],
  ])('names %s when it is %j', (name, value, sentence) => {
    expect(faults({ ...good, [name]: value })).toEqual([
      typeof sentence === 'string' ? sentence : expect.stringMatching(sentence),
    ]);
  });

  it('names a bad value of a variable that only other processes read', () => {
    expect(faults({ ...good, REDIS_URL: 'http://cache' })).toEqual([expect.stringMatching(/^REDIS_URL/)]);
  });

  it('names a variable that nobody reads, and the one that was meant', () => {
    expect(faults({ ...good, PARLEY_PARTITONS: '4' })).toEqual([
      'PARLEY_PARTITONS is not a variable of Parley: did you mean PARLEY_PARTITIONS?',
    ]);
  });

  it('says which of several keys is wrong, and shows none', () => {
    const keys = configOf('PARLEY_MASTER_KEYS');
    const good32 = Buffer.alloc(32, 1).toString('base64url');
    const faultsOf = (value: string) => {
      const read = decodeConfig(keys, { PARLEY_MASTER_KEYS: value });
      return E.isLeft(read) ? read.left : read.right.PARLEY_MASTER_KEYS.length;
    };
    const expected = 'expected one or more of at least 32 bytes in base64url, separated by commas';
    expect(faultsOf(good32)).toBe(1);
    expect(faultsOf(`${good32}, ${good32}`)).toBe(2);
    expect(faultsOf('')).toEqual([
      'PARLEY_MASTER_KEYS is not set: set it to one or more of at least 32 bytes in base64url, separated by commas',
    ]);
    expect(faultsOf('c2hvcnQ')).toEqual([
      `PARLEY_MASTER_KEYS is not usable: ${expected}; it has 5 bytes instead of at least 32`,
    ]);
    expect(faultsOf(`${good32},c2hvcnQ,?,`)).toEqual([
      `PARLEY_MASTER_KEYS is not usable: ${expected}; number 2 of 4 has 5 bytes instead of at least 32; ` +
        'number 3 of 4 is not in base64url; number 4 of 4 is not in base64url',
    ]);
  });

  it('does not show what could be a secret', () => {
    expect(faults({ ...good, PARLEY_TOKEN_SECRET: 'hunter2' })).toEqual([
      'PARLEY_TOKEN_SECRET is not usable: expected at least 32 bytes in base64url',
    ]);
  });
});
