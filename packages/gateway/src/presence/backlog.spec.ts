import { setImmediate as tick } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openBacklog } from './backlog.js';

describe('a backlog', () => {
  const worker = () => {
    const batches: (readonly number[])[] = [];
    return { batches, work: async (items: readonly number[]) => void batches.push(items) };
  };

  it('works off each item once, so many at a time, and not before the tick ends', async () => {
    const { batches, work } = worker();
    const backlog = openBacklog<number>({ atOnce: 2, work, isPossible: () => true });
    backlog.add([1, 2, 3]);
    backlog.add([2, 4]);
    backlog.delete(4);
    expect(batches).toEqual([]);
    await tick();
    expect(batches).toEqual([[1, 2], [3]]);
    expect(backlog.size).toBe(0);
  });

  it('works off what is added while it works', async () => {
    const { promise: done, resolve: finish } = Promise.withResolvers<void>();
    const batches: (readonly number[])[] = [];
    const work = (items: readonly number[]) => {
      batches.push(items);
      return batches.length === 1 ? done : Promise.resolve();
    };
    const backlog = openBacklog<number>({ atOnce: 2, work, isPossible: () => true });
    backlog.add([1]);
    await tick();
    backlog.add([1, 2]);
    expect(backlog.size).toBe(2);
    finish();
    await tick();
    expect(batches).toEqual([[1], [1, 2]]);
  });

  it('keeps nothing while nothing can be done, and begins again when it can', async () => {
    const { batches, work } = worker();
    let isPossible = false;
    const backlog = openBacklog<number>({ atOnce: 2, work, isPossible: () => isPossible });
    backlog.add([1]);
    await tick();
    expect(backlog.size).toBe(0);
    isPossible = true;
    backlog.add([2]);
    await tick();
    expect(batches).toEqual([[2]]);
  });
});
