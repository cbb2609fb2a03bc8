import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LayeredMap } from './layered-map.js';

const keys = fc.integer({ min: 0, max: 150 }).map(String);
const change = fc.oneof(
  fc.record({ with: fc.array(fc.tuple(keys, fc.nat()), { maxLength: 8 }) }),
  fc.record({ without: fc.array(keys, { maxLength: 4 }) }),
);

it('holds what a plain map holds, in the order in which keys were last set', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(keys, fc.nat()), { maxLength: 100 }),
      fc.array(change, { maxLength: 120 }),
      (start, changes) => {
        const plain = new Map(start);
        let layered = LayeredMap.of(start);
        for (const step of changes) {
          if ('with' in step) {
            layered = layered.with(step.with);
            for (const [key, value] of step.with) {
              plain.delete(key);
              plain.set(key, value);
            }
          } else {
            layered = layered.without(step.without);
            for (const key of step.without) plain.delete(key);
          }
          expect(layered.size).toBe(plain.size);
        }
        expect([...layered]).toStrictEqual([...plain]);
        expect([...layered.keys()]).toStrictEqual([...plain.keys()]);
        expect([...layered.values()]).toStrictEqual([...plain.values()]);
        for (let key = 0; key <= 150; key++) {
          expect(layered.get(String(key))).toBe(plain.get(String(key)));
          expect(layered.has(String(key))).toBe(plain.has(String(key)));
        }
      },
    ),
  );
});

it('leaves every earlier version as it was', () => {
  const versions = [LayeredMap.of<number>()];
  for (let i = 0; i < 300; i++) versions.push((versions[i] as LayeredMap<number>).with([[`k${i % 90}`, i]]));
  versions.forEach((version, i) => {
    expect(version.size).toBe(Math.min(i, 90));
    expect(version.get(`k${i % 90}`)).toBe(i < 90 ? undefined : i - 90);
  });
});

it('visits each entry once', () => {
  const seen: [string, number][] = [];
  LayeredMap.of<number>([
    ['a', 1],
    ['b', 2],
  ])
    .with([['a', 3]])
    .forEach((value, key) => {
      seen.push([key, value]);
    });
  expect(seen).toStrictEqual([
    ['b', 2],
    ['a', 3],
  ]);
});
