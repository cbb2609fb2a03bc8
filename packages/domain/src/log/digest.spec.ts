import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDigest, digestHex, digestOf, emptyDigest, type LoggedEvent, readDigest } from './digest.js';
import { murmur3 } from './murmur3.js';

const sent: LoggedEvent = {
  type: 'message.sent',
  version: 1,
  conversationId: 'den',
  seq: 7,
  at: 1_000,
  actor: 'ann',
  commandId: 'c-7',
  data: { ordinal: 3, body: 'p0.{"kind":"text","text":"héllo 🌍"}' },
};

const digestOfAll = (events: readonly LoggedEvent[]) =>
  digestHex(events.map(digestOf).reduce(addDigest, emptyDigest));

const utf8 = (text: string): Uint8Array =>
  Uint8Array.from(encodeURIComponent(text).match(/%..|./g) ?? [], (part) =>
    part.length === 3 ? Number.parseInt(part.slice(1), 16) : part.charCodeAt(0),
  );

describe('the digest of a log', () => {
  it('is the hash of the UTF-8 of the fields that count', () => {
    const text = `den\n7\nmessage.sent\n1\nann\nc-7\n${JSON.stringify(sent.data)}`;
    const bytes = utf8(text);
    expect(digestOf(sent)).toEqual(murmur3(bytes, bytes.length));
  });

  it('does not depend on the order of events', () => {
    const events = Array.from({ length: 20 }, (_, index) => ({ ...sent, seq: index + 1 }));
    fc.assert(
      fc.property(
        fc.shuffledSubarray(events, { minLength: 20 }),
        (shuffled) => digestOfAll(shuffled) === digestOfAll(events),
      ),
    );
  });

  it('tells a repeated and a lost event', () => {
    expect(digestOfAll([sent, sent])).not.toBe(digestOfAll([sent]));
    expect(digestOfAll([sent, sent])).not.toBe(digestOfAll([]));
  });

  it.each([
    ['conversation', { conversationId: 'pen' }],
    ['seq', { seq: 8 }],
    ['type', { type: 'message.edited' }],
    ['version', { version: 2 }],
    ['actor', { actor: 'ben' }],
    ['command', { commandId: 'c-8' }],
    ['data', { data: { ordinal: 4 } }],
  ])('changes with the %s', (_, change) => {
    expect(digestOf({ ...sent, ...change })).not.toEqual(digestOf(sent));
  });

  it('is the same for the same import at another time', () => {
    const living = { ...sent, data: { ordinal: 1, expiresAt: 61_000 } };
    const later = { ...living, at: 5_000, data: { ordinal: 1, expiresAt: 65_000 } };
    expect(digestOf(later)).toEqual(digestOf(living));
    expect(digestOf({ ...later, data: { ordinal: 1, expiresAt: 65_001 } })).not.toEqual(digestOf(living));
  });

  it('is of the time for which a conversation was to last, as it was asked for', () => {
    const ending = { ...sent, type: 'conversation.expirySet', data: { expiresAt: 61_000 } };
    expect(digestOf({ ...ending, at: 1_001 })).toEqual(digestOf(ending));
    expect(digestOf({ ...ending, data: { expiresAt: 61_001 } })).not.toEqual(digestOf(ending));
  });

  it('is the same however long after its message an edit, a reaction or a pin came', () => {
    for (const type of ['message.edited', 'message.reacted', 'message.pinned']) {
      const living = { ...sent, type, data: { seq: 1, expiresAt: 61_000 } };
      expect(digestOf({ ...living, at: 1_001 })).toEqual(digestOf(living));
    }
  });

  it('leaves out a body or title that is sealed, which differs each time it is', () => {
    for (const [type, version, field] of [
      ['message.sent', 1, 'body'],
      ['conversation.created', 3, 'title'],
      ['conversation.renamed', 2, 'title'],
    ] as const) {
      const sealed = (text: string, of = version) => ({
        ...sent,
        type,
        version: of,
        data: { [field]: text },
      });
      expect(digestOf(sealed('s1.m2026-11.AAAA')), type).toEqual(digestOf(sealed('s1.m2026-11.BBBB')));
      expect(digestOf(sealed('p0."a"')), type).not.toEqual(digestOf(sealed('p0."b"')));
      if (field === 'title')
        expect(digestOf(sealed('s1.a', 1)), type).not.toEqual(digestOf(sealed('s1.b', 1)));
    }
  });

  it('leaves out what is of the stack: hashes of people, and places in its streams', () => {
    const event = (type: string, data: object) => digestOf({ ...sent, type, data });
    const members = (banHash: string, user = 'ann') => ({ members: [{ user, role: 'owner', banHash }] });
    for (const type of ['conversation.created', 'member.added']) {
      expect(event(type, members('one')), type).toEqual(event(type, members('other')));
      expect(event(type, members('one')), type).not.toEqual(event(type, members('one', 'bob')));
    }
    for (const type of ['member.banned', 'member.unbanned'])
      expect(event(type, { banHash: 'one' }), type).toEqual(event(type, { banHash: 'other' }));
    const remains = (streamSeq: number, seq = 2) => ({ seq, remains: [{ streamSeq, seq }] });
    expect(event('message.erased', remains(9))).toEqual(event('message.erased', remains(90)));
    expect(event('message.erased', remains(9))).not.toEqual(event('message.erased', remains(9, 3)));
  });

  it('is written as 32 digits and read back', () => {
    expect(readDigest(digestHex(digestOf(sent)))).toEqual(digestOf(sent));
    expect(() => readDigest('12')).toThrow(RangeError);
  });
});
