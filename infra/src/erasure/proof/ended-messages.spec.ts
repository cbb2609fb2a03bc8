import type { Envelope } from '@parley/domain/log/envelope';
import { erasedBody, writeSealedText } from '@parley/domain/sealing/sealed-text';
import { created, envelopes, happened, type Past } from '@parley/domain/testing/given';
import { describe, expect, it } from 'vitest';
import { foldEnded } from './ended-messages.js';

const sealedAs = (nonce: string): string =>
  writeSealedText({ bucket: 't1-7', payload: `${nonce.repeat(32)}rest` });
const group = created('group', { ann: 'owner', bob: 'member' });
const say = (by: string, ordinal: number, nonce: string): Past =>
  happened(by, 'message.sent', { ordinal, body: sealedAs(nonce), expiresAt: 9_000 });
function endedMessages(events: readonly Envelope[]) {
  const fold = foldEnded();
  for (const event of events) fold.add(event);
  return fold.ended();
}
const of = (...past: Past[]) =>
  endedMessages(envelopes([group, ...past])).map(({ seq, ended, bodies }) => ({
    seq,
    cause: ended.cause,
    by: ended.by,
    nonces: bodies.map(({ nonce }) => nonce?.[0]),
    isInLog: bodies.every(({ sealed }) => sealed !== undefined),
  }));

describe('messages that are over', () => {
  it('are those of the ranges that expired, sent before, with all their edits', () => {
    const past = [
      say('ann', 1, 'a'),
      say('bob', 2, 'b'),
      happened('ann', 'message.edited', { seq: 2, body: sealedAs('c') }),
      happened('@system', 'message.expired', {
        ranges: [
          [2, 2],
          [5, 9],
        ],
      }),
      say('bob', 3, 'd'),
    ];
    expect(of(...past)).toStrictEqual([
      { seq: 2, cause: 'expired', by: '@system', nonces: ['a', 'c'], isInLog: true },
    ]);
  });

  it('are those that were deleted, by whoever did it first', () => {
    const past = [
      say('ann', 1, 'a'),
      happened('bob', 'message.deleted', { seq: 2 }),
      happened('@system', 'message.expired', { ranges: [[2, 2]] }),
    ];
    expect(of(...past)).toStrictEqual([
      { seq: 2, cause: 'deleted', by: 'bob', nonces: ['a'], isInLog: true },
    ]);
  });

  it('are known by what is left of them where the log no longer has them', () => {
    const remains = [
      { streamSeq: 2, seq: 2, type: 'message.sent', version: 1, at: 1, actor: 'ann', commandId: 'c-1' },
      { streamSeq: 3, seq: 3, type: 'message.edited', version: 1, at: 2, actor: 'ann', commandId: 'c-2' },
    ];
    const erased = happened('@system', 'message.erased', {
      seq: 2,
      remains: [
        { ...remains[0], data: { ordinal: 1, body: erasedBody(sealedAs('a')) } },
        { ...remains[1], data: { seq: 2, body: erasedBody(sealedAs('b')) } },
      ] as never,
    });
    const whole = [
      group,
      say('ann', 1, 'a'),
      happened('ann', 'message.edited', { seq: 2, body: sealedAs('b') }),
      happened('bob', 'message.deleted', { seq: 2 }),
      erased,
    ];
    const withHoles = envelopes(whole).filter(({ seq }) => seq !== 2 && seq !== 3);
    expect(endedMessages(withHoles)).toMatchObject([
      {
        seq: 2,
        author: 'ann',
        ended: { cause: 'deleted', by: 'bob' },
        bodies: [
          { seq: 2, bucket: 't1-7', nonce: 'a'.repeat(32) },
          { seq: 3, bucket: 't1-7', nonce: 'b'.repeat(32) },
        ],
      },
    ]);
  });

  it('are all of a person, and all of a conversation, that were erased', () => {
    const past = [say('ann', 1, 'a'), say('bob', 2, 'b')];
    expect(of(...past, happened('@system', 'member.erased', { user: 'bob' }))).toMatchObject([
      { seq: 3, cause: 'person erased' },
    ]);
    expect(of(...past, happened('ann', 'conversation.erased', {}))).toMatchObject([
      { seq: 2, cause: 'conversation erased', by: 'ann' },
      { seq: 3, cause: 'conversation erased', by: 'ann' },
    ]);
  });

  it('are none of those that live', () => {
    expect(of(say('ann', 1, 'a'))).toStrictEqual([]);
  });
});
