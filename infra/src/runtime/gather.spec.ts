import { expect, it } from 'vitest';
import { openGather } from './gather.js';

/** Answers with the double, when it is let. */
function openDoubling(most: number, atOnce: number, weigh?: (n: number) => number) {
  const batches: { readonly numbers: readonly number[]; answer(): void }[] = [];
  const gather = openGather<number, number>({
    most,
    atOnce,
    ...(weigh === undefined ? {} : { weigh }),
    ask: (numbers) =>
      new Promise((resolve) => {
        batches.push({ numbers, answer: () => resolve(numbers.map((n) => n * 2)) });
      }),
  });
  return { gather, batches, numbers: () => batches.map((batch) => batch.numbers) };
}

const tick = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

it('asks together what is asked in one tick, and gives each its answer', async () => {
  const { gather, batches, numbers } = openDoubling(10, 1);
  const answers = Promise.all([1, 2, 3].map((n) => gather.ask(n)));
  await tick();
  expect(numbers()).toEqual([[1, 2, 3]]);
  batches[0]?.answer();
  expect(await answers).toEqual([2, 4, 6]);
});

it('lets what comes while others are under way wait and go together', async () => {
  const { gather, batches, numbers } = openDoubling(10, 2);
  for (const n of [1, 2, 3, 4]) {
    void gather.ask(n);
    await tick();
  }
  expect(numbers()).toEqual([[1], [2]]);
  batches[0]?.answer();
  await tick();
  expect(numbers()).toEqual([[1], [2], [3, 4]]);
});

it('asks no more at once than a batch may weigh, but always something', async () => {
  const { gather, numbers } = openDoubling(10, 9, (n) => n);
  for (const n of [4, 6, 5, 99, 1]) void gather.ask(n);
  await tick();
  expect(numbers()).toEqual([[4, 6], [5], [99], [1]]);
});

it('fails what was asked together, and goes on', async () => {
  let fails = true;
  const gather = openGather<number, number>({
    most: 2,
    atOnce: 1,
    ask: (numbers) => (fails ? Promise.reject(new Error('away')) : Promise.resolve(numbers)),
  });
  const lost = Promise.allSettled([gather.ask(1), gather.ask(2)]);
  expect((await lost).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  fails = false;
  expect(await gather.ask(3)).toBe(3);
});
