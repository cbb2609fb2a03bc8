import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { formatPosition, parsePosition } from './position.js';

const passed = (...places: readonly [number, number][]) => new Map(places);

describe('a position', () => {
  it('is the number of partitions and the places in them, lowest first, without those where nothing is passed', () => {
    const position = { partitions: 16, passed: passed([3, 99], [0, 1_234], [5, 0]) };
    expect(formatPosition(position)).toBe('16/0:1234,3:99');
    expect(formatPosition({ partitions: 4, passed: passed() })).toBe('4/');
  });

  it('is read as it was written', () => {
    const places = fc.uniqueArray(
      fc.tuple(fc.nat(15), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
      {
        selector: ([partition]) => partition,
      },
    );
    fc.assert(
      fc.property(places, (some) => {
        const sorted = some.sort(([a], [b]) => a - b);
        const text = formatPosition({ partitions: 16, passed: passed(...sorted) });
        expect(parsePosition(text)).toStrictEqual(E.right({ partitions: 16, passed: passed(...sorted) }));
      }),
    );
  });

  it('is nothing else', () => {
    for (const none of [
      '',
      '16',
      '0/',
      '16/16:1',
      '16/0:1,0:2',
      '16/0',
      '16/0:-1',
      '16/0:1,',
      '16/0:99999999999999999',
      'x/0:1',
      '16/0:1 ',
    ])
      expect(E.isLeft(parsePosition(none)), none).toBe(true);
  });
});
