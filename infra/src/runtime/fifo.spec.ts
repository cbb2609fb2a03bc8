import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openFifo } from './fifo.js';

it('gives what was pushed in its order, like an array, however many were taken before', () => {
  const push = fc.integer({ min: 1, max: 3_000 });
  const take = push.map((count) => -count);
  fc.assert(
    fc.property(fc.array(fc.oneof(push, take), { maxLength: 20 }), (steps) => {
      const fifo = openFifo<number>();
      const model: number[] = [];
      let next = 0;
      for (const step of steps) {
        for (let n = 0; n < step; n++) {
          fifo.push(next);
          model.push(next++);
        }
        for (let n = 0; n > step; n--) expect(fifo.shift()).toBe(model.shift());
        expect(fifo.length).toBe(model.length);
      }
    }),
    { numRuns: 30 },
  );
});
