import { refuse } from '@parley/domain/conversation/refusals';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { openRequestQueue } from './request-queue.js';

describe('requests of a participant', () => {
  it('are done in order, those of others meanwhile', async () => {
    const queue = openRequestQueue(8);
    const order: string[] = [];
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const first = queue.run(1, async () => {
      await held;
      order.push('first');
      return E.right('first');
    });
    const second = queue.run(1, async () => E.right(order.push('second')));
    await queue.run(2, async () => E.right(order.push('other')));
    release();
    await Promise.all([first, second]);
    expect(order).toEqual(['other', 'first', 'second']);
  });

  it('are refused when too many wait, and taken again after', async () => {
    const queue = openRequestQueue(2);
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const task = () => held.then(() => E.right('done'));
    const waiting = [queue.run(1, task), queue.run(1, task)];
    expect(await queue.run(1, task)).toEqual(E.left(refuse('TooManyRequests')));
    release();
    expect(await Promise.all(waiting)).toEqual([E.right('done'), E.right('done')]);
    expect(await queue.run(1, task)).toEqual(E.right('done'));
  });
});
