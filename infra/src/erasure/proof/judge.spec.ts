import { describe, expect, it } from 'vitest';
import { type Evidence, judge } from './judge.js';
import type { Erased } from './scope.js';

const NONCE = 'n'.repeat(32);
const sealed = { seq: 7, bucket: 't60-1767268800', nonce: NONCE, sealed: `s1.t60-1767268800.${NONCE}rest` };
const { sealed: _, ...takenOut } = sealed;
const message = (body: object): Erased =>
  ({
    conversationId: 'garden',
    seq: 7,
    author: 'ann',
    at: 0,
    ended: { cause: 'expired', seq: 9, at: 1_000, by: '@system' },
    bodies: [body],
  }) as Erased;
const copy = (store: 'nats' | 'postgres' | 'redis', file = 'x') => ({ store, file, offset: 1 });
const nothing: Evidence = {
  secrets: new Map(),
  copies: { searched: [], bodies: new Map(), secrets: new Map() },
  rows: { withBody: new Set(), dead: 0 },
  cached: new Set(),
  opened: new Set(),
  untried: new Set(),
};
const gone = { tag: 'destroyed', at: 5_000, isOverwritten: true } as const;
const openOf = (body: object, evidence: Partial<Evidence>) =>
  judge(message(body), { ...nothing, ...evidence }).open;

describe('an erased message', () => {
  it('is gone with any one of its three secrets, wherever its sealed body lies', () => {
    for (const name of ['bucket.t60-1767268800', 'conversation.garden', 'author.ann']) {
      const secrets = new Map([[name, gone]]);
      const copies = { ...nothing.copies, bodies: new Map([[NONCE, [copy('nats'), copy('postgres')]]]) };
      const judged = judge(message(sealed), { ...nothing, secrets, copies });
      expect(judged).toMatchObject({ destroyed: [name], open: [], takenOut: false });
      expect(judged.copies).toHaveLength(2);
    }
  });

  it('is not while a destroyed secret is still on disk', () => {
    const name = 'bucket.t60-1767268800';
    const secrets = new Map([[name, { ...gone, isOverwritten: false }]]);
    const open = [`the bytes of the secret ${name} are not overwritten yet`];
    expect(openOf(sealed, { secrets })).toStrictEqual(open);
    const copies = { ...nothing.copies, secrets: new Map([[name, [copy('nats')]]]) };
    expect(openOf(sealed, { secrets: new Map([[name, gone]]), copies })).toStrictEqual(open);
  });

  it('is not while a key of its bucket is kept for its conversation, or still on disk', () => {
    const held = 'held.t60-1767268800.garden';
    const copies = { ...nothing.copies, bodies: new Map([[NONCE, [copy('nats')]]]) };
    const openBy = (state: object, others: readonly string[] = []) =>
      openOf(takenOut, {
        secrets: new Map<string, never>([
          ...['bucket.t60-1767268800', ...others].map((name) => [name, gone as never] as const),
          [held, state as never],
        ]),
        copies,
      });
    expect(openBy({ tag: 'there' })).toStrictEqual(['its sealed body is still in the files of the log']);
    expect(openBy({ tag: 'there' }, ['author.ann'])).toStrictEqual([]);
    expect(openBy({ ...gone, isOverwritten: false })).toStrictEqual([
      `the bytes of the secret ${held} are not overwritten yet`,
    ]);
    expect(openBy(gone)).toStrictEqual([]);
  });

  it('is not while its secrets are there', () => {
    expect(openOf(sealed, {})).toStrictEqual(['the secret of bucket t60-1767268800 is not destroyed yet']);
  });

  it('is not when it opens, whatever the vault says of its secrets', () => {
    const secrets = new Map([['author.ann', gone]]);
    expect(openOf(sealed, { secrets, opened: new Set([NONCE]) })).toStrictEqual(['its key still opens it']);
  });

  it('is not known to be when the vault does not answer', () => {
    expect(openOf(sealed, { untried: new Set([NONCE]) })).toStrictEqual([
      'the vault does not answer: ask again',
    ]);
  });

  it('that was taken out of the log is gone when there is no copy, and says where there is one', () => {
    expect(openOf(takenOut, {})).toStrictEqual([]);
    const copies = {
      ...nothing.copies,
      bodies: new Map([[NONCE, [copy('postgres', 'base/1/2'), copy('postgres', 'pg_wal/3')]]]),
    };
    expect(openOf(takenOut, { copies, cached: new Set([NONCE]) })).toStrictEqual([
      'a cached page holds its sealed body',
      'its sealed body is still in dead rows of the database: `vacuum full` of its table is owed',
      "its sealed body is still in the database's write-ahead log, until that part of it is written over",
    ]);
  });

  it('is not while a row shows a body, or where it was never sealed', () => {
    const rows = { withBody: new Set(['garden:7']), dead: 0 };
    expect(openOf(takenOut, { rows })).toStrictEqual(['its row in the database still has a body']);
    expect(openOf({ seq: 7, sealed: 'p0.{}' }, {})).toStrictEqual([
      'it was never sealed, and is in the log as it was written',
    ]);
  });
});
