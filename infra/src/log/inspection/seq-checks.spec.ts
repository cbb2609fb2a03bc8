import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { type CheckedMessage, type Finding, seqChecks } from './seq-checks.js';

/** Findings of a stream with these messages, as `<kind> <what>`. */
function findingsOf(...messages: readonly CheckedMessage[]): readonly string[] {
  const found: Finding[] = [];
  const home = { partition: 0, homeOf: (of: string) => (of.startsWith('stray') ? 3 : 0) };
  const checks = seqChecks('CONV_00', home, (finding) => found.push(finding));
  for (const message of messages) checks.check(message);
  checks.end();
  return found.map(({ kind, streamSeq, what }) => `${kind} at ${streamSeq}: ${what}`);
}

let streamSeq = 0;
const event = (of: string, seq: number, more: { id?: string; claims?: readonly number[] } = {}) => ({
  streamSeq: ++streamSeq,
  of,
  event: E.right({ of, seq, id: `${of}:${seq}`, ...more }),
  seq,
});
const unreadable = (of: string, seq: number | undefined) => ({
  streamSeq: ++streamSeq,
  of,
  event: E.left('nobody knows it'),
  seq,
});
const at = (offset: number): number => streamSeq + offset;

describe('checks of a stream', () => {
  it('find nothing in dense conversations, however they are interleaved', () => {
    expect(findingsOf(event('a', 1), event('b', 1), event('a', 2), event('b', 2))).toEqual([]);
  });

  it('name what is missing within a conversation, and where', () => {
    const after = at(3);
    expect(findingsOf(event('a', 1), event('a', 2), event('a', 6), event('a', 7))).toEqual([
      `missing at ${after}: a:3 to 5 are missing`,
    ]);
  });

  it('tell a conversation without its beginning from one with a hole', () => {
    const first = at(1);
    expect(findingsOf(event('a', 4), event('b', 1))).toEqual([
      `incomplete at ${first}: a:1 to 3 are missing`,
    ]);
  });

  it('take what an erasure claims as explained, and nothing else', () => {
    const after = at(2);
    expect(findingsOf(event('a', 1), event('a', 5), event('a', 6, { claims: [2, 4] }))).toEqual([
      `missing at ${after}: a:3 is missing`,
    ]);
    expect(findingsOf(event('a', 1), event('a', 4), event('a', 5, { claims: [3, 2] }))).toEqual([]);
  });

  it('do not let one conversation claim what another has lost', () => {
    const after = at(2);
    expect(findingsOf(event('a', 1), event('a', 3), event('b', 1, { claims: [2] }))).toEqual([
      `missing at ${after}: a:2 is missing`,
    ]);
  });

  it('name a seq that was there before', () => {
    const again = at(3);
    expect(findingsOf(event('a', 1), event('a', 2), event('a', 2))).toEqual([
      `repeated at ${again}: a:2 comes after a:2`,
    ]);
  });

  it('name what cannot be read, and count its seq where it has one', () => {
    const [placed, lost] = [at(2), at(4)];
    expect(findingsOf(event('a', 1), unreadable('a', 2), event('a', 3), unreadable('a', undefined))).toEqual([
      `unreadable at ${placed}: nobody knows it`,
      `unreadable at ${lost}: nobody knows it`,
    ]);
  });

  it('name what is under a foreign subject, under a foreign id, or in a foreign partition', () => {
    const [subject, id, partition] = [at(1), at(2), at(3)];
    expect(
      findingsOf(
        { ...event('a', 1), of: 'b' },
        event('a', 1, { id: 'a:7' }),
        event('stray', 1),
        event('stray', 2),
      ),
    ).toEqual([
      `misplaced at ${subject}: it is of a, under the subject of b`,
      `misplaced at ${id}: its id is a:7, its place a:1`,
      `misplaced at ${partition}: stray belongs into partition 3`,
    ]);
  });
});
