import { describe, expect, it } from 'vitest';
import { digestConversation } from './conversation-digest.js';
import { digestHex, type LoggedEvent } from './digest.js';

const event = (
  seq: number,
  type = 'message.sent',
  data: object = { ordinal: seq, body: 's1.m2026-11.AAAA' },
) =>
  ({
    type,
    version: 1,
    conversationId: 'den',
    seq,
    at: seq,
    actor: 'ann',
    commandId: `c-${seq}`,
    data,
  }) as const;

const { conversationId: _, ...second } = event(2);
const remains = { ...second, streamSeq: 7, data: { ordinal: 2, body: 'e0.m2026-11.AAAA' } };
const erased = event(4, 'message.erased', { seq: 2, remains: [remains] });

function digested(events: readonly LoggedEvent[], upTo?: number) {
  const fold = digestConversation(upTo);
  for (const each of events) fold.add(each);
  return {
    digest: digestHex(fold.digest),
    events: fold.events,
    missing: fold.missing(),
    lastSeq: fold.lastSeq,
  };
}

describe('the digest of a conversation', () => {
  it('is the same whether an erased event is still there or not', () => {
    const before = digested([event(1), event(2), event(3), erased]);
    expect(before).toMatchObject({ events: 4, missing: [], lastSeq: 4 });
    expect(digested([event(1), event(3), erased])).toEqual(before);
    expect(digested([event(1), event(3), erased, { ...erased, seq: 5 }]).events).toBe(5);
  });

  it('is that up to a seq, also where an event up to there was erased after it', () => {
    const before = digested([event(1), event(2), event(3)]);
    expect(digested([event(1), event(2), event(3), erased], 3)).toEqual(before);
    expect(digested([event(1), event(3), erased], 3)).toEqual(before);
    expect(digested([event(1), erased], 3)).toMatchObject({ lastSeq: 3, missing: [[3, 3]] });
  });

  it('says what is missing and was erased by nobody', () => {
    expect(digested([event(2), event(5), event(6)]).missing).toEqual([
      [1, 1],
      [3, 4],
    ]);
    expect(digested([event(3), erased]).missing).toEqual([[1, 1]]);
  });
});
