import { describe, expect, it } from 'vitest';
import { pickPicture, pickVoices } from './pick.js';

const of = (...participants: readonly number[]) =>
  participants.map((participant) => ({ id: `t${participant}`, participant }));

describe('the voices of a mix', () => {
  const none = [undefined, undefined, undefined];

  it('take the slots there are, who speaks first', () => {
    expect(pickVoices(none, of(1, 2), [])).toEqual(['t1', 't2', undefined]);
    expect(pickVoices(none, of(1, 2, 3, 4), [4, 2])).toEqual(['t4', 't2', 't1']);
  });

  it('keep their slots, but for who is silent while another speaks', () => {
    expect(pickVoices(['t1', 't2', 't3'], of(1, 2, 3, 4), [4, 1])).toEqual(['t1', 't4', 't3']);
    expect(pickVoices(['t1', 't2', 't3'], of(1, 2, 3, 4), [4, 3, 2, 1])).toEqual(['t1', 't2', 't3']);
    expect(pickVoices(['t1', 't2', 't3'], of(1, 2, 3, 4), [])).toEqual(['t1', 't2', 't3']);
  });

  it('leave their slots when they go', () => {
    expect(pickVoices(['t1', 't2', 't3'], of(1, 3), [])).toEqual(['t1', undefined, 't3']);
  });
});

describe('the picture of a mix', () => {
  it('is that of the loudest who has one, for three seconds at least', () => {
    expect(pickPicture(undefined, of(1, 2), [9, 2], 0)).toBe('t2');
    expect(pickPicture({ id: 't2', since: 0 }, of(1, 2), [1], 2_999)).toBe('t2');
    expect(pickPicture({ id: 't2', since: 0 }, of(1, 2), [1], 3_000)).toBe('t1');
    expect(pickPicture({ id: 't2', since: 0 }, of(1, 2), [], 9_000)).toBe('t2');
    expect(pickPicture({ id: 't2', since: 0 }, of(1), [], 10)).toBe('t1');
    expect(pickPicture({ id: 't2', since: 0 }, [], [1], 10)).toBeUndefined();
  });
});
