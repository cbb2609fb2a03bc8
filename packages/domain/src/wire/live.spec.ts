import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closeBody, closeTitle } from '../conversation/body.js';
import type { Envelope } from '../log/envelope.js';
import { anyEvent } from '../testing/arbitraries.js';
import { GARDEN, hashOf, NOON, text } from '../testing/commands.js';
import { created, envelopes, happened, type Past } from '../testing/given.js';
import { liveEvent, plainLiveEvent } from './live.js';

const live = (past: Past) => envelopes([past]).map(plainLiveEvent)[0];

describe('an event as clients get it', () => {
  it('is its place, its author, its command and its data, with the body opened', () => {
    expect(
      live(
        happened('ann', 'message.sent', { ordinal: 3, body: closeBody(text('hello')), replyTo: 2 }, 'c-1'),
      ),
    ).toStrictEqual({
      conversationId: GARDEN,
      seq: 1,
      type: 'message.sent',
      at: NOON - 1_000,
      actor: 'ann',
      commandId: 'c-1',
      data: { ordinal: 3, replyTo: 2, body: text('hello') },
    });
  });

  it('has no body where that cannot be opened, and says why', () => {
    const [sent] = envelopes([happened('ann', 'message.sent', { ordinal: 1, body: 's1.c2VhbGVk' })]);
    for (const sealed of ['locked', 'gone'] as const)
      expect(liveEvent(sent as Envelope, { tag: sealed }).data).toStrictEqual({
        ordinal: 1,
        body: null,
        sealed,
      });
  });

  it('has no body where it is damaged or of a scheme nobody here knows', () => {
    for (const body of ['s1.c2VhbGVk', 'p0.{"kind":']) {
      expect(live(happened('ann', 'message.sent', { ordinal: 1, body }))?.data).toStrictEqual({
        ordinal: 1,
        body: null,
        sealed: 'gone',
      });
      expect(live(happened('ann', 'message.edited', { seq: 2, body }))?.data).toStrictEqual({
        seq: 2,
        body: null,
        sealed: 'gone',
      });
    }
  });

  it('has its title opened, or says why it is not shown', () => {
    const renamed = (title: string) => live(happened('ann', 'conversation.renamed', { title }))?.data;
    expect(renamed(closeTitle('Roses'))).toStrictEqual({ title: 'Roses' });
    expect(renamed('s1.m2026-11.AAAA')).toStrictEqual({ sealed: 'gone' });
  });

  it('names members and their roles', () => {
    const members = [
      { user: 'ann', role: 'owner' },
      { user: 'bob', role: 'member' },
    ];
    expect(live(created('group', { ann: 'owner', bob: 'member' }))?.data).toStrictEqual({
      kind: 'group',
      ttl: null,
      members,
    });
    const entry = { user: 'cem', role: 'member', banHash: hashOf('cem') } as const;
    expect(live(happened('ann', 'member.added', { members: [entry] }))?.data).toStrictEqual({
      members: [{ user: 'cem', role: 'member' }],
    });
  });

  it('holds neither hashes nor producers, whatever the event', () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const json = JSON.stringify(plainLiveEvent(event(1)));
        expect(json).not.toContain('banHash');
        expect(json).not.toContain('h_');
        expect(json).not.toContain('producer');
        expect(json).not.toMatch(/"p0\./);
      }),
      { numRuns: 500 },
    );
  });
});
