import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { refuse } from '../conversation/refusals.js';
import { listCursor, readListCursor, readTimelineCursor, timelineCursor } from './cursor.js';

const conversationId = fc.stringMatching(/^[A-Za-z0-9_=-]{1,140}$/);
const bad = E.left(refuse('InvalidParams', 'the cursor was not made here; start without one'));

describe('the cursor of a timeline', () => {
  it('gives back its seq in its own conversation', () => {
    fc.assert(
      fc.property(conversationId, fc.maxSafeNat(), (id, seq) => {
        expect(readTimelineCursor(id, timelineCursor(id, seq))).toStrictEqual(E.right(seq));
      }),
    );
  });

  it('is refused in another conversation', () => {
    fc.assert(
      fc.property(conversationId, conversationId, fc.maxSafeNat(), (id, other, seq) => {
        fc.pre(id !== other);
        expect(readTimelineCursor(other, timelineCursor(id, seq))).toStrictEqual(
          E.left(refuse('CursorForeign')),
        );
      }),
    );
  });

  it('is refused when it is none', () => {
    const mark = timelineCursor('garden', 1).split('.')[1];
    const cursors = [
      '',
      '.',
      '7',
      '7.',
      'x',
      `-1.${mark}`,
      `1e3.${mark}`,
      `0x10.${mark}`,
      ` 7.${mark}`,
      `1.5.${mark}`,
    ];
    for (const cursor of [
      ...cursors,
      `7.${mark}.x`,
      `9007199254740992.${mark}`,
      `${'9'.repeat(300)}.${mark}`,
      `.${mark}`,
    ]) {
      expect(E.isLeft(readTimelineCursor('garden', cursor)), cursor).toBe(true);
    }
    expect(readTimelineCursor('garden', `9007199254740992.${mark}`)).toStrictEqual(bad);
    expect(readTimelineCursor('garden', `7.${mark}.x`)).toStrictEqual(bad);
  });
});

describe('the cursor of a list', () => {
  it('gives back its position', () => {
    fc.assert(
      fc.property(conversationId, fc.maxSafeNat(), (id, lastActivityAt) => {
        const position = { lastActivityAt, conversationId: id };
        expect(readListCursor(listCursor(position))).toStrictEqual(E.right(position));
      }),
    );
  });

  it('is refused when it is none', () => {
    for (const cursor of [
      '',
      '~',
      '5',
      '5~',
      '~garden',
      'garden',
      '5~a~b',
      '5~a b',
      `5~${'a'.repeat(141)}`,
      '-5~garden',
      '9007199254740992~garden',
      "5~x'--",
    ]) {
      expect(readListCursor(cursor), cursor).toStrictEqual(bad);
    }
  });

  it('is refused when it is one of a timeline', () => {
    fc.assert(
      fc.property(conversationId, fc.maxSafeNat(), (id, seq) => {
        expect(readListCursor(timelineCursor(id, seq))).toStrictEqual(bad);
      }),
    );
  });
});
