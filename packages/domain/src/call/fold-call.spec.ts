import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConversationEvent, EventOf, EventType } from '../conversation/events.js';
import { evolve } from '../conversation/evolve.js';
import { type Conversation, initial, stands } from '../conversation/state.js';
import { foldHistory } from '../history/fold-history.js';
import { emptyHistory } from '../history/history.js';
import { envelop } from '../log/envelope.js';
import { anyEvent, commands } from '../testing/arbitraries.js';
import { GARDEN, NOON } from '../testing/commands.js';
import { created, envelopes, happened } from '../testing/given.js';
import { happen } from '../testing/history.js';
import { type Call, deviceKey, type Topology } from './call.js';
import { foldCall, withoutPeople } from './fold-call.js';
import { callOf, ongoingOf } from './ongoing.js';

const event = <T extends EventType>(seq: number, actor: string, type: T, data: EventOf<T>['data']) =>
  envelop({ type, data } as ConversationEvent, {
    conversationId: GARDEN,
    seq,
    at: NOON + seq,
    actor,
    commandId: `c-${seq}`,
  });
const started = (p2pMax: number) =>
  foldCall(undefined, event(1, 'u1', 'call.started', { media: 'voice', device: 'd', p2pMax })) as Call;
const joins = (call: Call, seq: number, user = `u${seq}`) =>
  foldCall(call, event(seq, user, 'call.joined', { call: 1, device: 'd' })) as Call;
const leaves = (call: Call, participant: number, seq = 99) =>
  foldCall(call, event(seq, 'x', 'call.left', { call: 1, participant, user: 'x', why: 'left' }));
/** A call of so many, one after the other. */
const of = (size: number, p2pMax: number): Call =>
  Array.from({ length: size - 1 }, (_, n) => n + 2).reduce((call, seq) => joins(call, seq), started(p2pMax));

describe('how media goes', () => {
  it.each<readonly [p2pMax: number, bySize: readonly Topology[]]>([
    [0, ['sfu', 'sfu', 'sfu']],
    [1, ['sfu', 'sfu', 'sfu']],
    [2, ['p2p', 'p2p', 'sfu', 'sfu']],
    [4, ['p2p', 'p2p', 'p2p', 'p2p', 'sfu', 'sfu']],
    [8, ['p2p', 'p2p', 'p2p', 'p2p', 'p2p', 'p2p', 'p2p', 'p2p', 'sfu']],
  ])('with at most %i in a mesh is, by how many there are, %j', (p2pMax, bySize) => {
    expect(bySize.map((_, n) => of(n + 1, p2pMax).topology)).toEqual(bySize);
  });

  it('goes back to a mesh with one fewer than it takes to leave it, so that nobody who comes and goes moves all', () => {
    let call = of(5, 4);
    const seen: Topology[] = [];
    for (let n = 0; n < 4; n++) {
      call = leaves(call, [...call.participants.values()].at(-1)?.participant as number) as Call;
      seen.push(call.topology);
      call = joins(call, 20 + n);
      seen.push(call.topology);
    }
    expect(new Set(seen)).toEqual(new Set(['sfu']));
    call = leaves(leaves(call, 2) as Call, 3) as Call;
    expect(call).toMatchObject({ topology: 'p2p', participants: { size: 3 } });
    expect(joins(call, 30).topology).toBe('p2p');
  });

  it('is by the SFU as long as a moderator has muted somebody, or the call is broadcast', () => {
    const muted = foldCall(
      of(2, 4),
      event(9, 'u1', 'call.muted', { call: 1, user: 'u2', muted: true }),
    ) as Call;
    expect(muted.topology).toBe('sfu');
    expect(
      foldCall(muted, event(10, 'u1', 'call.muted', { call: 1, user: 'u2', muted: false }))?.topology,
    ).toBe('p2p');
    const shown = foldCall(of(2, 4), event(9, 'u1', 'call.broadcastSet', { call: 1, source: 'mix' })) as Call;
    expect(shown.topology).toBe('sfu');
    expect(foldCall(shown, event(10, 'u1', 'call.broadcastSet', { call: 1, source: null }))?.topology).toBe(
      'p2p',
    );
  });

  it('is by the SFU for whom a moderator has muted while they are there, and again when they come back', () => {
    const muted = foldCall(of(3, 4), event(9, 'u1', 'call.muted', { call: 1, user: 'u3', muted: true }));
    const alone = leaves(muted as Call, 3, 10) as Call;
    expect(alone).toMatchObject({ topology: 'p2p', muted: new Set(['u3']) });
    expect(joins(alone, 11, 'u3').topology).toBe('sfu');
    expect(withoutPeople(muted as Call, ['u3'])?.topology).toBe('p2p');
  });

  it('changes only as it must, whoever comes and goes', () => {
    const step = fc.record({ isJoin: fc.boolean(), who: fc.integer({ min: 1, max: 9 }) });
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 8 }),
        fc.array(step, { maxLength: 80, size: 'max' }),
        (p2pMax, steps) => {
          let call: Call | undefined = started(p2pMax);
          for (const [index, { isJoin, who }] of steps.entries()) {
            if (call === undefined) return;
            const before: Call = call;
            const there = before.participants.get(deviceKey(`u${who}`, 'd'));
            call = isJoin ? joins(before, index + 10, `u${who}`) : there && leaves(before, there.participant);
            if (!isJoin && there === undefined) call = before;
            if (call === undefined) continue;
            expect(call.participants.size).toBeGreaterThan(0);
            if (call.topology === 'p2p') expect(call.participants.size).toBeLessThanOrEqual(p2pMax);
            if (before.topology !== call.topology) {
              const isUp = call.topology === 'sfu';
              expect(call.participants.size).toBe(isUp ? p2pMax + 1 : p2pMax - 1);
            }
          }
        },
      ),
    );
  });
});

describe('a fold of calls', () => {
  it('changes nothing by an event of another call', () => {
    const call = of(3, 4);
    for (const other of [
      event(9, 'u9', 'call.joined', { call: 5, device: 'd' }),
      event(9, 'u1', 'call.left', { call: 5, participant: 2, user: 'u2', why: 'left' }),
      event(9, 'u1', 'call.left', { call: 1, participant: 8, user: 'u2', why: 'left' }),
      event(9, 'u1', 'call.muted', { call: 5, user: 'u2', muted: true }),
      event(9, 'u1', 'call.broadcastSet', { call: 5, source: 'mix' }),
      event(9, 'u1', 'call.ended', { call: 5 }),
      event(9, 'u9', 'call.started', { media: 'video', device: 'd', p2pMax: 0 }),
      event(9, 'u9', 'member.left', {}),
    ])
      expect(foldCall(call, other)).toBe(call);
    expect(foldCall(undefined, event(9, 'u9', 'call.joined', { call: 1, device: 'd' }))).toBeUndefined();
  });

  it('knows a device by its newest participant', () => {
    const again = joins(of(3, 4), 7, 'u2');
    expect([...again.participants.values()].map(({ participant }) => participant)).toEqual([1, 3, 7]);
    expect(leaves(again, 2)).toBe(again);
  });

  it('goes on from what was told of it, to the same call', () => {
    const logs = fc.tuple(commands, fc.nat({ max: 60 }));
    fc.assert(
      fc.property(logs, ([tried, cut]) => {
        const { log, state } = happen(tried);
        const half = log.slice(0, cut).reduce(evolve, initial as Conversation);
        const told = stands(half) && half.call && ongoingOf(half.call);
        let call = told ? callOf(JSON.parse(JSON.stringify(told))) : undefined;
        let members = half;
        for (const each of log.slice(cut)) {
          // A ban names a hash: whoever folds on with members knows whose it is.
          const banned =
            each.type === 'member.banned' && stands(members)
              ? [...members.members].flatMap(([user, { banHash }]) =>
                  banHash === each.data.banHash ? [user] : [],
                )
              : [];
          call = each.type === 'member.banned' ? call && withoutPeople(call, banned) : foldCall(call, each);
          members = evolve(members, each);
        }
        const expected = stands(state) ? state.call : undefined;
        expect(call && ongoingOf(call)).toEqual(expected && ongoingOf(expected));
      }),
      { numRuns: 200 },
    );
  });

  it('is of members alone, is never empty, and agrees with the history that rows are judged by', () => {
    fc.assert(
      fc.property(commands, (tried) => {
        const history = emptyHistory(GARDEN);
        let state: Conversation = initial;
        for (const each of happen(tried).log) {
          state = evolve(state, each);
          foldHistory(history, each);
          const call = stands(state) ? state.call : undefined;
          expect(call?.participants.size).not.toBe(0);
          for (const { user } of call?.participants.values() ?? [])
            expect(stands(state) && state.members.has(user)).toBe(true);
          const stays = history.calls.ongoing?.stays.filter(({ leftAt }) => leftAt === null);
          expect(stays?.map(({ participant }) => participant).sort((a, b) => a - b)).toEqual(
            call && [...call.participants.values()].map(({ participant }) => participant),
          );
        }
      }),
      { numRuns: 200 },
    );
  });

  it('takes any event there is', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60, size: 'max' }), (makers) => {
        let call: Call | undefined;
        for (const [index, make] of makers.entries()) {
          call = foldCall(call, make(index + 1));
          expect(call?.participants.size).not.toBe(0);
          expect(call && ongoingOf(callOf(ongoingOf(call)))).toEqual(call && ongoingOf(call));
        }
      }),
    );
  });
});

describe('a call that another log tells of', () => {
  it('does not go on here, and one may be started after it', () => {
    const told = envelopes([
      created('group', { ann: 'owner', bob: 'member' }),
      happened('ann', 'call.started', { media: 'voice', device: 'phone', p2pMax: 4 }),
      happened('bob', 'call.joined', { call: 2, device: 'phone' }),
    ]).map((each) => ({ ...each, importedTo: 3 }));
    const state = told.reduce(evolve, initial as Conversation);
    expect(state).toMatchObject({ isIncoming: false, call: undefined });
    const history = told.reduce(foldHistory, emptyHistory(GARDEN));
    expect([...history.calls]).toMatchObject([
      { call: 2, endedAt: told[2]?.at, stays: [{ leftAt: told[2]?.at, why: null }, { leftAt: told[2]?.at }] },
    ]);
  });
});
