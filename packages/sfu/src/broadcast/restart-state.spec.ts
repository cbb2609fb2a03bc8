import { describe, expect, it } from 'vitest';
import { type AfterExit, afterExit } from './restart-state.js';

describe('an ffmpeg that ends', () => {
  it('is started again, later each time, and in the end no more', () => {
    const seen: AfterExit[] = [];
    for (
      let restarts = { failures: 0 };
      seen.at(-1)?.tag !== 'giveUp';
      restarts = seen.at(-1)?.restarts as never
    )
      seen.push(afterExit(restarts, 10));
    expect(seen.map((each) => (each.tag === 'again' ? each.inMs : each.tag))).toEqual([
      500,
      1_000,
      2_000,
      4_000,
      8_000,
      'giveUp',
    ]);
  });

  it('has its past forgotten by a good run', () => {
    expect(afterExit({ failures: 5 }, 60_000)).toMatchObject({ tag: 'again', inMs: 500 });
  });
});
