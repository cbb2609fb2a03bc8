import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { withReplayFlags } from './flags.js';
import { isGrowing, type ReplayFlags, selectionOf } from './plan.js';

/** What a command line means. */
function flagsOf(...args: readonly string[]): ReplayFlags {
  const command = withReplayFlags(new Command('replay')).exitOverride();
  command.configureOutput({ writeErr: () => undefined });
  return command.parse([...args], { from: 'user' }).opts<ReplayFlags>();
}
const selected = (...args: readonly string[]) => selectionOf(flagsOf(...args));

describe('the flags of a replay', () => {
  it('select nothing where nothing is said', () => {
    expect(selected()).toStrictEqual({});
    expect(flagsOf().format).toBe('ndjson');
  });

  it('take several values, after one flag or several', () => {
    expect(selected('--conversation', 'a', 'b', '--conversation', 'c', '--actor', 'ann')).toStrictEqual({
      conversations: ['a', 'b', 'c'],
      actors: ['ann'],
    });
    expect(selected('--partition', '0', '3', '--type', 'message.pinned', '*.unpinned')).toStrictEqual({
      partitions: [0, 3],
      types: ['message.pinned', 'message.unpinned'],
    });
  });

  it('name times and places', () => {
    const flags = [
      '--conversation',
      'a',
      '--since',
      '2026-01-01',
      '--until',
      '2026-01-02T12:00Z',
      '--from-seq',
      '2',
      '--to-seq',
      '9',
    ];
    expect(selected(...flags)).toStrictEqual({
      conversations: ['a'],
      since: Date.UTC(2026, 0, 1),
      until: Date.UTC(2026, 0, 2, 12),
      fromSeq: 2,
      toSeq: 9,
    });
    expect(flagsOf('--after', '16/3:99').after).toStrictEqual({ partitions: 16, passed: new Map([[3, 99]]) });
    expect([flagsOf('--speed', '10x').speed, flagsOf('--speed', '0.5').speed]).toStrictEqual([10, 0.5]);
  });

  it('make a file grow where its position is kept and any part of it is good for something', () => {
    expect(isGrowing(flagsOf('--out', 'x', '--position-file', 'p'))).toBe(true);
    expect(isGrowing(flagsOf('--out', 'x'))).toBe(false);
    expect(isGrowing(flagsOf('--position-file', 'p'))).toBe(false);
    expect(isGrowing(flagsOf('--out', 'x', '--position-file', 'p', '--format', 'parquet'))).toBe(false);
  });

  it.each([
    ['nothing is between them', '--since', '2026-01-02', '--until', '2026-01-01'],
    ['nothing is between them', '--conversation', 'a', '--from-seq', '3', '--to-seq', '2'],
    ['is in the future', '--since', '2999-01-01'],
    ['There is no such type', '--type', 'message.painted'],
    ['name it by --conversation', '--from-seq', '3'],
    ['A position is what', '--after', 'here'],
    ['A position is what', '--up-to', '16/16:1'],
    ['Allowed choices are', '--format', 'xml'],
    ['Allowed choices are', '--merge', 'seq'],
    ['cannot be used with', '--follow', '--until', '2026-01-01'],
    ['cannot be used with', '--follow', '--up-to', '16/'],
    ['cannot be used with', '--after', '16/', '--position-file', 'p'],
    ['cannot be used with', '--conversation', 'a', '--partition', '1'],
    ['How many times as fast', '--speed', '0'],
    ['How many times as fast', '--speed', '-1x'],
    ['A whole number from 0', '--partition', '-1'],
    ['A whole number from 1', '--conversation', 'a', '--to-seq', '0'],
    ['A user has', '--actor', '@root'],
    ['write it to a file by --out', '--format', 'parquet'],
  ])('are refused where they do not fit: %s', (sentence, ...args) => {
    expect(() => selected(...args)).toThrow(sentence);
  });

  it('wait for the future where they follow', () => {
    expect(selected('--since', '2999-01-01', '--follow')).toMatchObject({ since: Date.UTC(2999, 0, 1) });
  });
});
