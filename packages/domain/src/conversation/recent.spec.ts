import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  amend,
  deedsOf,
  emptyRecent,
  type Recent,
  recallCommand,
  recallSeq,
  recentOf,
  remember,
} from './recent.js';
import { type Deed, REMEMBERED_COMMANDS } from './state.js';

const deed = (seq: number): Deed => ({
  actor: 'ann',
  commandId: `c${seq}`,
  type: 'message.sent',
  seq,
  at: seq,
});

const filled = (count: number, least: number): Recent => {
  let recent = emptyRecent;
  for (let seq = 1; seq <= count; seq++) recent = remember(recent, deed(seq), least);
  return recent;
};

describe('the window of recent deeds', () => {
  it('always holds the newest it promises, at most 31 more, and nothing older', () => {
    let recent = emptyRecent;
    for (let seq = 1; seq <= 1_500; seq++) {
      recent = remember(recent, deed(seq), REMEMBERED_COMMANDS);
      const seqs = deedsOf(recent).map((d) => d.seq);
      expect(seqs.length).toBeGreaterThanOrEqual(Math.min(seq, REMEMBERED_COMMANDS));
      expect(seqs.length).toBeLessThan(REMEMBERED_COMMANDS + 32);
      expect(seqs).toStrictEqual(Array.from({ length: seqs.length }, (_, i) => seq - seqs.length + 1 + i));
    }
  });

  it('finds every deed it holds by command and by seq, and no other', () => {
    const recent = filled(400, 64);
    const held = new Set(deedsOf(recent).map((d) => d.seq));
    for (let seq = 1; seq <= 401; seq++) {
      const expected = held.has(seq) ? deed(seq) : undefined;
      expect(recallCommand(recent, 'ann', `c${seq}`)).toStrictEqual(expected);
      expect(recallSeq(recent, seq)).toStrictEqual(expected);
      expect(recallCommand(recent, 'bob', `c${seq}`)).toBeUndefined();
    }
  });

  it('gives the newest where one actor has an id twice, and keeps the ids of two actors apart', () => {
    let recent = filled(40, 64);
    recent = remember(recent, { ...deed(41), actor: 'bob', commandId: 'c3' }, 64);
    recent = remember(recent, { ...deed(42), commandId: 'c3' }, 64);
    expect(recallCommand(recent, 'ann', 'c3')?.seq).toBe(42);
    expect(recallCommand(recent, 'bob', 'c3')?.seq).toBe(41);
  });

  it('amends the deeds that change and shares the chunks in which none does', () => {
    const before = filled(100, 96);
    const after = amend(before, (d) => (d.seq === 40 ? { ...d, gone: true } : d));
    expect(recallSeq(after, 40)?.gone).toBe(true);
    expect(recallCommand(after, 'ann', 'c40')?.gone).toBe(true);
    expect(deedsOf(after).filter((d) => d.gone)).toHaveLength(1);
    expect(after.chunks[0]).toBe(before.chunks[0]);
    expect(after.chunks[1]).not.toBe(before.chunks[1]);
    expect(after.tail).toBe(before.tail);
    expect(recallSeq(before, 40)?.gone).toBeUndefined();
  });

  it('is the same after it was taken apart and put together', () => {
    fc.assert(
      fc.property(fc.nat(400), (count) => {
        const recent = filled(count, 128);
        expect(recentOf(deedsOf(recent))).toStrictEqual(recent);
      }),
    );
  });
});
