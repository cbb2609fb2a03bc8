import { expect, it } from 'vitest';
import { openLimiter } from './limiter.js';

it('runs at most so many tasks at once, the others in order', async () => {
  const limiter = openLimiter(3);
  const started: number[] = [];
  let running = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 5_000 }, (_, n) =>
      limiter.run(async () => {
        started.push(n);
        most = Math.max(most, ++running);
        await Promise.resolve();
        running--;
      }),
    ),
  );
  expect(most).toBe(3);
  expect(started).toEqual(Array.from({ length: 5_000 }, (_, n) => n));
  expect(limiter.waiting).toBe(0);
});

it('goes on after a task that failed', async () => {
  const limiter = openLimiter(1);
  await expect(limiter.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await limiter.run(() => Promise.resolve(5))).toBe(5);
});
