import { describe, expect, it } from 'vitest';
import { emptyPicture, fillPicture, type PictureSlot, showPicture } from './picture-slot.js';
import { BLACK, beginsKeyFrame } from './vp8.js';

const KEY = Buffer.from([0x10, 0x00]);
const DELTA = Buffer.from([0x10, 0x01]);

const packet = (sequence: number, timestamp: number, payload = DELTA) => ({
  sequence,
  timestamp,
  marker: true,
  payload,
});

/** Ticks of so many milliseconds. */
const ms = (count: number): number => count * 90;

function through(
  slot: PictureSlot,
  ...given: readonly (readonly [string, ReturnType<typeof packet>, number])[]
) {
  const sent: (readonly [number, number])[] = [];
  let now = slot;
  for (const [from, each, at] of given) {
    const step = showPicture(now, from, each, at);
    now = step.slot;
    sent.push(...step.packets.map(({ sequence, timestamp }) => [sequence, timestamp] as const));
  }
  return { slot: now, sent };
}

describe('the picture of a broadcast', () => {
  it('begins each source with a key frame and goes on without a gap', () => {
    const { sent } = through(
      emptyPicture,
      ['ann', packet(9, 0), 0],
      ['ann', packet(65_535, 4_294_967_295, KEY), ms(10)],
      ['ann', packet(0, ms(40) - 1), ms(50)],
      ['bob', packet(500, 7), ms(60)],
      ['ann', packet(1, ms(80) - 1), ms(90)],
      ['bob', packet(501, 8, KEY), ms(100)],
      ['ann', packet(2, ms(120) - 1), ms(130)],
      ['bob', packet(502, 8 + ms(40)), ms(140)],
    );
    expect(sent).toEqual([
      [0, ms(10)],
      [1, ms(50)],
      [2, ms(90)],
      [3, ms(100)],
      [4, ms(140)],
    ]);
  });

  it('leaves what is lost lost, and what is swapped swapped', () => {
    const { sent } = through(
      emptyPicture,
      ['ann', packet(10, 0, KEY), 0],
      ['ann', packet(13, ms(40)), ms(40)],
      ['ann', packet(12, ms(40)), ms(41)],
      ['ann', packet(9, 0), ms(42)],
    );
    expect(sent).toEqual([
      [0, 0],
      [3, ms(40)],
      [2, ms(40)],
    ]);
  });

  it('is black where there is nobody, and needs a key frame after that', () => {
    const black = fillPicture(emptyPicture, 0, false);
    expect(black.packets).toMatchObject([{ sequence: 0, timestamp: 0, payload: BLACK }]);
    expect(fillPicture(black.slot, ms(100), false).packets).toEqual([]);
    const { slot } = through(black.slot, ['ann', packet(1, 0, KEY), ms(600)]);
    expect(fillPicture(slot, ms(4_000), true).packets).toEqual([]);
    const later = fillPicture(slot, ms(6_000), true);
    expect(later.packets).toHaveLength(1);
    expect(showPicture(later.slot, 'ann', packet(2, ms(40)), ms(6_100)).packets).toEqual([]);
  });

  it('knows a key frame by its descriptor', () => {
    expect(beginsKeyFrame(BLACK)).toBe(true);
    expect(beginsKeyFrame(DELTA)).toBe(false);
    // Extended, with a picture id of two bytes, a layer's number and its index.
    expect(beginsKeyFrame(Buffer.from([0x90, 0xe0, 0x81, 0x02, 0x01, 0x20, 0x00]))).toBe(true);
    expect(beginsKeyFrame(Buffer.from([0x90, 0xe0, 0x81, 0x02, 0x01, 0x20, 0x01]))).toBe(false);
    // Not the first of its frame, and nothing at all.
    expect(beginsKeyFrame(Buffer.from([0x00, 0x00]))).toBe(false);
    expect(beginsKeyFrame(Buffer.alloc(0))).toBe(false);
  });
});
