import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLanes, type LaneEntry } from './lanes.js';

const bounds = { maxEntries: 1_000, maxInFlight: 1_000 };
const commands = (entries: readonly LaneEntry<string>[]) => entries.map(({ command }) => command);

describe('the outbox', () => {
  it('has one command of a conversation in flight, and conversations do not wait for one another', () => {
    const outbox = createLanes<string>(bounds);
    for (const name of ['a1', 'b1', 'a2', 'b2']) outbox.add(name.charAt(0), name);
    const first = outbox.take(0);
    expect(commands(first)).toEqual(['a1', 'b1']);
    expect(outbox.take(0)).toEqual([]);
    outbox.settle(first[1] as LaneEntry<string>);
    expect(commands(outbox.take(0))).toEqual(['b2']);
  });

  it('sends again what was in flight when the connection broke, before anything younger', () => {
    const outbox = createLanes<string>(bounds);
    for (const name of ['a1', 'a2']) outbox.add('a', name);
    const [lost] = outbox.take(0) as [LaneEntry<string>];
    outbox.interrupt();
    expect(outbox.settle(lost)).toBe(false);
    const again = outbox.take(0);
    expect(again).toEqual([{ conversationId: 'a', command: 'a1', attempts: 2 }]);
  });

  it('holds back a conversation while its oldest command rests', () => {
    const outbox = createLanes<string>(bounds);
    for (const name of ['a1', 'a2']) outbox.add('a', name);
    const [first] = outbox.take(0) as [LaneEntry<string>];
    outbox.rest(first, 100);
    expect(outbox.take(99)).toEqual([]);
    expect(outbox.nextAt).toBe(100);
    expect(commands(outbox.take(100))).toEqual(['a1']);
  });

  it('takes no more than it has room for', () => {
    const outbox = createLanes<string>({ maxEntries: 2, maxInFlight: 1 });
    expect([outbox.add('a', 'a1'), outbox.add('b', 'b1'), outbox.add('c', 'c1')]).toEqual([
      true,
      true,
      false,
    ]);
    expect(commands(outbox.take(0))).toEqual(['a1']);
    expect(outbox.take(0)).toEqual([]);
  });

  it('gives back everything that waits when it is cleared', () => {
    const outbox = createLanes<string>(bounds);
    for (const name of ['a1', 'a2', 'b1']) outbox.add(name.charAt(0), name);
    outbox.take(0);
    expect(commands(outbox.clear())).toEqual(['a1', 'a2', 'b1']);
    expect(outbox.size).toBe(0);
  });

  it('answers every command once and keeps the order of each conversation, whatever breaks', () => {
    const step = fc.oneof(
      fc.record({ act: fc.constant('add' as const), lane: fc.constantFrom('a', 'b', 'c') }),
      fc.record({ act: fc.constant('take' as const) }),
      fc.record({ act: fc.constant('interrupt' as const) }),
      fc.record({ act: fc.constantFrom('settle' as const, 'rest' as const), pick: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const outbox = createLanes<number>({ maxEntries: 50, maxInFlight: 2 });
        const given: Record<string, number[]> = { a: [], b: [], c: [] };
        const answered: Record<string, number[]> = { a: [], b: [], c: [] };
        let flying: LaneEntry<number>[] = [];
        let now = 0;
        let next = 0;
        const settle = (entry: LaneEntry<number>): void => {
          if (outbox.settle(entry)) answered[entry.conversationId]?.push(entry.command);
        };
        for (const action of steps) {
          now++;
          if (action.act === 'add' && outbox.add(action.lane, next)) given[action.lane]?.push(next++);
          if (action.act === 'take') flying.push(...outbox.take(now));
          if (action.act === 'interrupt') outbox.interrupt();
          if (action.act !== 'settle' && action.act !== 'rest') continue;
          const entry = flying[action.pick % Math.max(1, flying.length)];
          if (entry === undefined) continue;
          if (action.act === 'settle') settle(entry);
          else outbox.rest(entry, now + 3);
          expect(outbox.inFlight).toBeLessThanOrEqual(2);
        }
        outbox.interrupt();
        while (outbox.size > 0) {
          now += 5;
          flying = [...outbox.take(now)];
          expect(flying.length).toBeGreaterThan(0);
          flying.forEach(settle);
        }
        expect(answered).toEqual(given);
      }),
    );
  });
});
