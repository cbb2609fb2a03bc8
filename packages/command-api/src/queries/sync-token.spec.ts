import { describe, expect, it } from 'vitest';
import { isAhead, placesIn, readSyncToken, syncToken } from './sync-token.js';

const place = { partition: 3, seq: 120, began: 101, receiptSeq: 40, receiptBegan: 7 };

describe('a token of session.sync', () => {
  it('says which build it is of, and how far that was', () => {
    const token = syncToken({ schema: 'rm_2', places: [place] });
    expect(readSyncToken(token)).toMatchObject({ right: { schema: 'rm_2', places: [place] } });
    expect(readSyncToken('rm_x~1')).toMatchObject({ left: { tag: 'InvalidParams' } });
  });

  it('relies on the windows of its own build alone: those of another may have begun earlier', () => {
    const told = { schema: 'rm_2', places: [place] };
    expect(placesIn('rm_2', told)).toEqual([place]);
    expect(placesIn('rm_1', told)).toEqual([{ ...place, began: 0, receiptBegan: 0 }]);
  });

  it('is ahead of a build that is not that far', () => {
    expect(isAhead([place], [place])).toBe(false);
    expect(isAhead([place], [{ ...place, receiptSeq: 39 }])).toBe(true);
  });
});
