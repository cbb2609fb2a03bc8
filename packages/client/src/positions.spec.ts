import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPositions } from './positions.js';

describe('positions', () => {
  it('delivers each event once, in order, however often and with whatever holes the line repeats them', () => {
    const line = fc.array(
      fc.record({ from: fc.integer({ min: 1, max: 20 }), length: fc.integer({ min: 1, max: 9 }) }),
    );
    fc.assert(
      fc.property(line, (runs) => {
        const positions = createPositions({ c: 3 });
        const delivered: number[] = [];
        for (const { from, length } of runs) {
          for (let seq = from; seq < from + length; seq++) {
            if (positions.judge('c', seq) === 'deliver') delivered.push(seq);
          }
        }
        expect(delivered).toEqual(delivered.map((_, index) => index + 4));
      }),
    );
  });

  it('takes the first event of an unknown conversation as it comes', () => {
    const positions = createPositions();
    expect(positions.judge('c', 7)).toBe('deliver');
    expect(positions.judge('c', 7)).toBe('duplicate');
    expect(positions.judge('c', 9)).toBe('gap');
    expect(positions.judge('c', 8)).toBe('deliver');
  });

  it('resumes from what a page showed, but lets events of that time that are still under way through', () => {
    const positions = createPositions();
    positions.learned('c', 5);
    expect(positions.resume().resume).toEqual({ c: 5 });
    expect(positions.judge('c', 4)).toBe('deliver');
    positions.learned('c', 9);
    expect(positions.resume().resume).toEqual({ c: 4 });
  });

  it('does not take the time before somebody entered for a gap', () => {
    const positions = createPositions({ c: 3 });
    positions.exited('c');
    expect(positions.resume().resume).toEqual({});
    positions.entered('c', 8);
    expect(positions.judge('c', 8)).toBe('deliver');
    positions.entered('c', 8);
    expect(positions.judge('c', 8)).toBe('duplicate');
    expect(positions.resume().resume).toEqual({ c: 8 });
  });

  it('resumes from before the first event where it was told of the conversation alone', () => {
    const positions = createPositions();
    positions.entered('c', 1);
    expect(positions.resume()).toEqual({ resume: { c: 0 }, left: [] });
  });

  it('leaves out of a resume what does not fit into one frame, the longest silent first', () => {
    const positions = createPositions();
    const id = (n: number) => `${'x'.repeat(130)}${n}`;
    for (let n = 0; n < 2_000; n++) positions.judge(id(n), 5);
    const { resume, left } = positions.resume();
    expect(JSON.stringify(resume).length).toBeLessThan(120_000);
    expect(Object.keys(resume).length + left.length).toBe(2_000);
    expect(resume[id(1_999)]).toBe(5);
    expect(left).toContain(id(0));
  });
});
