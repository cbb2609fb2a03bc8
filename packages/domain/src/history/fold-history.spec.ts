import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evolve } from '../conversation/evolve.js';
import { type Conversation, initial, stands } from '../conversation/state.js';
import { erasedBody } from '../sealing/sealed-text.js';
import { anyEvent, commands } from '../testing/arbitraries.js';
import { GARDEN, hashOf } from '../testing/commands.js';
import { created, envelopes, happened, type Past } from '../testing/given.js';
import { happen } from '../testing/history.js';
import { foldHistory } from './fold-history.js';
import { emptyHistory, type History } from './history.js';

const hello = 'p0.{"kind":"text","text":"hello"}';
const sent = (by: string, ordinal: number, more = {}) =>
  happened(by, 'message.sent', { ordinal, body: hello, ...more });
const garden = created('group', { ann: 'owner', ben: 'member', cem: 'member' });

const fold = (events: Iterable<Parameters<typeof foldHistory>[1]>): History => {
  const history = emptyHistory(GARDEN);
  for (const event of events) foldHistory(history, event);
  return history;
};
const after = (...past: readonly Past[]): History => fold(envelopes(past));

describe('the history of a conversation', () => {
  it('agrees with the folded state on all that both know, after every event', () => {
    fc.assert(
      fc.property(commands, (tried) => {
        const { log } = happen(tried);
        const history = emptyHistory(log[0]?.conversationId ?? GARDEN);
        let state: Conversation = initial;
        for (const event of log) {
          state = evolve(state, event);
          foldHistory(history, event);
          expect(history.revision).toBe(state.revision);
          expect(history.erasedAt !== null).toBe(state.tag === 'erased');
          if (!stands(state)) continue;
          expect({
            ...history,
            title: history.title ?? undefined,
            hold: history.hold ?? undefined,
          }).toMatchObject({
            kind: state.kind,
            title: state.title,
            ttl: state.ttl,
            expiresAt: state.expiresAt,
            hold: state.hold,
            closed: state.tag === 'closed',
            messages: state.messages,
            bans: state.bans,
          });
          expect(history.members).toEqual(new Map(state.members));
          expect([...history.pins.keys()]).toEqual(state.pins.map(({ seq }) => seq));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('takes any event wherever it stands', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), (makers) => {
        const history = fold(makers.map((make, index) => make(index + 1)));
        expect(history.revision).toBe(makers.length);
        expect(history.holes.unclaimed).toBe(0);
      }),
    );
  });

  it('keeps what is said about a message, until it is deleted', () => {
    const said = [
      garden,
      sent('ann', 1),
      happened('ann', 'message.edited', { seq: 2, body: 'p0.{"kind":"text","text":"bye"}' }),
      happened('ben', 'message.reacted', { seq: 2, emoji: '+1', removed: false }),
      happened('cem', 'message.reacted', { seq: 2, emoji: '+1', removed: false }),
      happened('ben', 'message.reacted', { seq: 2, emoji: '+1', removed: true }),
      happened('ann', 'message.pinned', { seq: 2, author: 'ann' }),
    ];
    const { timeline, pins } = after(...said);
    expect(timeline.get(2)).toMatchObject({ body: 'p0.{"kind":"text","text":"bye"}', deletedAt: null });
    expect(timeline.get(2)?.reactions).toEqual(new Map([['+1', new Set(['cem'])]]));
    expect([...pins.keys()]).toEqual([2]);

    const gone = after(...said, happened('ann', 'message.deleted', { seq: 2 }));
    expect(gone.timeline.get(2)).toMatchObject({
      body: null,
      editedAt: null,
      reactions: undefined,
      expired: false,
    });
    expect(gone.timeline.get(2)?.deletedAt).toBe(gone.at);
    expect(gone.pins.size).toBe(0);
  });

  it('changes nothing about a message that is gone', () => {
    const { timeline, pins } = after(
      garden,
      sent('ann', 1),
      happened('~system', 'message.expired', { ranges: [[1, 9]] }),
      happened('ann', 'message.edited', { seq: 2, body: hello }),
      happened('ben', 'message.reacted', { seq: 2, emoji: '+1', removed: false }),
      happened('ann', 'message.pinned', { seq: 2, author: 'ann' }),
      happened('ann', 'message.deleted', { seq: 2 }),
      sent('ann', 2),
    );
    expect(timeline.get(2)).toMatchObject({
      expired: true,
      body: null,
      deletedAt: null,
      reactions: undefined,
    });
    expect(timeline.get(8)).toMatchObject({ expired: false, body: hello });
    expect(pins.size).toBe(0);
  });

  it('forgets what an erased person said and thought of others, and names the heir', () => {
    const history = after(
      garden,
      sent('ann', 1),
      sent('ben', 2),
      happened('ann', 'message.reacted', { seq: 3, emoji: '+1', removed: false }),
      happened('cem', 'message.reacted', { seq: 3, emoji: '+1', removed: false }),
      happened('~system', 'member.erased', { user: 'ann', successor: 'ben' }),
    );
    expect([...history.members]).toEqual([
      ['ben', { role: 'owner', since: 1, banHash: hashOf('ben') }],
      ['cem', { role: 'member', since: 1, banHash: hashOf('cem') }],
    ]);
    expect(history.timeline.get(2)).toMatchObject({ body: null, deletedAt: history.at });
    expect(history.timeline.get(3)?.reactions).toEqual(new Map([['+1', new Set(['cem'])]]));
  });

  it('of an erased conversation keeps that it was', () => {
    const history = after(garden, sent('ann', 1), happened('~system', 'conversation.erased', {}));
    expect(history).toMatchObject({ kind: null, erasedAt: history.at, revision: 3, messages: 0 });
    expect([history.members.size, history.timeline.size]).toEqual([0, 0]);
  });

  describe('in a log from which a message was taken', () => {
    const body = 's1.m2023-11.nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnsealed';
    const whole = envelopes([
      garden,
      happened('ann', 'message.sent', { ordinal: 1, body }),
      sent('ben', 2),
      happened('ann', 'message.edited', { seq: 2, body }),
      happened('cem', 'message.reacted', { seq: 2, emoji: '+1', removed: false }),
      happened('ann', 'message.deleted', { seq: 2 }),
      sent('ben', 3),
    ]);
    const remains = whole
      .filter(({ seq }) => seq === 2 || seq === 4)
      .map(({ id: _, conversationId: __, ...event }) => ({
        ...event,
        streamSeq: 100 + event.seq,
        data: { ...event.data, body: erasedBody(body) },
      }));
    const deletedAt = whole[5]?.at as number;
    const says = envelopes([
      ...Array<Past>(7).fill(garden),
      happened('~system', 'message.erased', { seq: 2, remains, deletedAt }),
    ]).slice(-1);
    const left = whole.filter(({ seq }) => seq !== 2 && seq !== 4);

    it('knows what is left of it, as where it was seen', () => {
      const [live, rebuilt] = [fold([...whole, ...says]), fold([...left, ...says])];
      expect([...rebuilt.timeline]).toEqual([...live.timeline]);
      expect(rebuilt.timeline.get(2)).toMatchObject({ author: 'ann', ordinal: 1, deletedAt, body: null });
      expect(rebuilt.messages).toBe(3);
      expect([live.holes.unclaimed, rebuilt.holes.unclaimed]).toEqual([0, 0]);
    });

    it('counts what is missing until an erasure says why', () => {
      expect(fold(left).holes.unclaimed).toBe(2);
      expect(fold(left.slice(2)).holes.unclaimed).toBe(4);
    });
  });
});
