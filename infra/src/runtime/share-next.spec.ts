import { expect, it } from 'vitest';
import { shareNext } from './share-next.js';

/** Questions that are answered by the moment they were asked at, when the test says so. */
function questions() {
  const asked: { readonly key: string; readonly at: number; readonly answer: () => void }[] = [];
  let now = 0;
  const share = shareNext((key) => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const at = now;
    asked.push({ key, at, answer: () => resolve(at) });
    return promise;
  });
  return {
    asked,
    share,
    pass: () => {
      now++;
    },
  };
}

it('answers nobody with what was asked before they came, and asks once for all who come meanwhile', async () => {
  const { asked, share, pass } = questions();
  const first = share('c');
  pass();
  const later = [share('c'), share('c')];
  pass();
  const latest = share('c');
  expect(asked).toHaveLength(1);
  asked[0]?.answer();
  expect(await first).toBe(0);
  await Promise.resolve();
  expect(asked).toHaveLength(2);
  asked[1]?.answer();
  expect(await Promise.all([...later, latest])).toEqual([2, 2, 2]);
});

it('keeps keys apart, and nothing of what is answered', async () => {
  const { asked, share, pass } = questions();
  const both = [share('c'), share('d')];
  expect(asked.map(({ key }) => key)).toEqual(['c', 'd']);
  for (const { answer } of asked) answer();
  await Promise.all(both);
  pass();
  const again = share('c');
  asked[2]?.answer();
  expect(await again).toBe(1);
});
