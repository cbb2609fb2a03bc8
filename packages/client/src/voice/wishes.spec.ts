import { describe, expect, it } from 'vitest';
import { RefusalError } from '../refusal-error.js';
import { ASKED_AT_ONCE, createWishes } from './wishes.js';

type Question = {
  readonly id: string;
  readonly wanted: number;
  readonly answer: () => void;
  readonly refuse: (refusal: RefusalError) => void;
};

function scene(passes?: (refusal: RefusalError) => boolean) {
  const asked: Question[] = [];
  const refused: string[] = [];
  const wishes = createWishes<number>({
    ask: (id, wanted) => new Promise<void>((answer, refuse) => asked.push({ id, wanted, answer, refuse })),
    isSame: (one, other) => one === other,
    ...(passes ? { passes } : {}),
    onRefused: (id) => refused.push(id),
  });
  return { wishes, asked, refused, last: () => asked.at(-1) as Question };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));
const soon = (tag: 'TooManyRequests' | 'NotAllowed') => new RefusalError(tag, 'later', { retryAfterMs: 1 });

describe('wishes', () => {
  it('are not asked for where the node has it so already', () => {
    const { wishes, asked } = scene();
    wishes.begin('a', 1);
    wishes.wish('a', 1);
    expect(asked).toEqual([]);
  });

  it('are asked for one after the other, and the newest alone', async () => {
    const { wishes, asked, last } = scene();
    wishes.begin('a', 0);
    for (const wanted of [1, 2, 3]) wishes.wish('a', wanted);
    expect(asked).toHaveLength(1);
    last().answer();
    await settled();
    expect(asked.map(({ wanted }) => wanted)).toEqual([1, 3]);
    wishes.wish('a', 4);
    wishes.wish('a', 3);
    last().answer();
    await settled();
    expect(asked).toHaveLength(2);
  });

  it('of many things wait for each other', async () => {
    const { wishes, asked, last } = scene();
    const ids = Array.from({ length: ASKED_AT_ONCE + 2 }, (_, index) => `${index}`);
    for (const id of ids) {
      wishes.begin(id, 0);
      wishes.wish(id, 1);
    }
    expect(asked).toHaveLength(ASKED_AT_ONCE);
    last().answer();
    await settled();
    expect(asked).toHaveLength(ASKED_AT_ONCE + 1);
  });

  it('are asked for again after a refusal that passes, as they are by then', async () => {
    const { wishes, asked, refused, last } = scene(({ tag }) => tag === 'NotAllowed');
    wishes.begin('a', 0);
    wishes.wish('a', 1);
    last().refuse(soon('TooManyRequests'));
    wishes.wish('a', 2);
    await expect.poll(() => asked.length).toBe(2);
    expect(last().wanted).toBe(2);
    last().refuse(soon('NotAllowed'));
    await expect.poll(() => asked.length).toBe(3);
    expect(refused).toEqual([]);
  });

  it('of what the node refuses for good are over', async () => {
    const { wishes, asked, refused, last } = scene();
    wishes.begin('a', 0);
    wishes.wish('a', 1);
    last().refuse(new RefusalError('MediaNotFound'));
    await settled();
    expect(refused).toEqual(['a']);
    wishes.wish('a', 2);
    expect(asked).toHaveLength(1);
  });

  it('of what has ended meanwhile are forgotten', async () => {
    const { wishes, asked, refused, last } = scene();
    wishes.begin('a', 0);
    wishes.wish('a', 1);
    wishes.end('a');
    last().refuse(new RefusalError('MediaNotFound'));
    await settled();
    wishes.wish('a', 2);
    expect([asked.length, refused]).toEqual([1, []]);
    wishes.begin('a', 0);
    wishes.wish('a', 2);
    expect(asked).toHaveLength(2);
  });
});
