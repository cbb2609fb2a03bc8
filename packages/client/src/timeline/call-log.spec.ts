import { ongoingOf } from '@parley/domain/call/ongoing';
import { evolve } from '@parley/domain/conversation/evolve';
import { type Conversation, initial, stands } from '@parley/domain/conversation/state';
import { foldHistory } from '@parley/domain/history/fold-history';
import { emptyHistory } from '@parley/domain/history/history';
import type { Envelope } from '@parley/domain/log/envelope';
import { commands } from '@parley/domain/testing/arbitraries';
import { happen } from '@parley/domain/testing/history';
import type { CallNow, CallView } from '@parley/domain/wire/calls';
import type { LiveEvent } from '@parley/domain/wire/live';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CallLog, gapsIn, noCalls, withCallEvent, withCalls, withNow } from './call-log.js';

const all = { from: 1, to: Number.POSITIVE_INFINITY };

/** What the server answers at a place of the log. */
function listAt(log: readonly Envelope[], revision: number): readonly CallView[] {
  const history = log.slice(0, revision).reduce(foldHistory, emptyHistory('garden'));
  return [...history.calls].toReversed().map(({ call, media, by, at, endedAt, stays }) => ({
    call,
    media,
    by,
    at,
    ...(endedAt === null ? {} : { endedAt }),
    joined: stays.some(({ user }) => user === 'ann'),
    people: new Set(stays.map(({ user }) => user)).size,
    participants: stays.map(({ user, device, joinedAt, leftAt }) => ({
      user,
      device,
      joinedAt,
      ...(leftAt === null ? {} : { leftAt }),
    })),
  }));
}

function nowAt(log: readonly Envelope[], revision: number): CallNow {
  const state = log.slice(0, revision).reduce(evolve, initial as Conversation);
  const call = stands(state) ? state.call : undefined;
  return call === undefined ? { revision } : { revision, call: ongoingOf(call) };
}

const told = (log: readonly Envelope[], from: number): readonly LiveEvent[] => log.slice(from) as never;
const heard = (start: CallLog, events: readonly LiveEvent[]): CallLog =>
  events.reduce((log, event) => withCallEvent(log, event, 'ann'), start);
const readAt = (log: readonly Envelope[], revision: number): CallLog =>
  withNow(withCalls(noCalls, all, listAt(log, revision), 'ann'), nowAt(log, revision), 'ann');

/** Logs without what asks for everything anew (bans), and without the end of everything, or of whoever reads. */
const isFollowed = ({ type, data }: Envelope): boolean =>
  type !== 'member.banned' &&
  type !== 'conversation.erased' &&
  !(type === 'member.erased' && data.user === 'ann');
const logs = commands.map((tried) =>
  happen(tried)
    .log.filter(isFollowed)
    .map((event, index) => ({ ...event, seq: index + 1 }) as Envelope),
);

describe('the calls of a timeline', () => {
  it('come to the same, wherever in the log they were read and whatever was told twice', () => {
    fc.assert(
      fc.property(logs, fc.nat({ max: 40 }), (log, cut) => {
        const read = readAt(log, Math.min(cut, log.length));
        const first = heard(read, told(log, Math.max(0, cut - 5)));
        const { entries } = readAt(log, log.length);
        expect(first.entries).toEqual(entries);
        expect(heard(first, told(log, log.length - 1)).entries).toEqual(entries);
      }),
      { numRuns: 100 },
    );
  });

  it('know a call that goes on from the log also where the rows do not have it yet', () => {
    const at = { type: 'call.started', version: 1, conversationId: 'c', commandId: 'x', at: 5 } as const;
    const started = {
      ...at,
      id: 'c:1',
      seq: 1,
      actor: 'bob',
      data: { media: 'voice', device: 'd', p2pMax: 4 },
    } as never;
    const log = withNow(
      withCalls(noCalls, all, [], 'ann'),
      {
        revision: 1,
        call: {
          call: 1,
          media: 'voice',
          by: 'bob',
          at: 5,
          p2pMax: 4,
          topology: 'p2p',
          participants: [{ participant: 1, user: 'bob', device: 'd', at: 5 }],
          muted: [],
          broadcast: null,
        },
      },
      'ann',
    );
    expect(log.entries).toMatchObject([
      { seq: 1, state: 'ongoing', joined: false, people: 1, users: ['bob'] },
    ]);
    expect(withCallEvent(log, started, 'ann')).toBe(log);
    const left = {
      ...at,
      type: 'call.left',
      seq: 2,
      at: 9,
      actor: 'bob',
      data: { call: 1, participant: 1, user: 'bob', why: 'left' },
    };
    expect(withCallEvent(log, left as never, 'ann').entries).toMatchObject([{ state: 'missed', endedAt: 9 }]);
  });

  it('are asked for where they are not known, and nowhere else', () => {
    const known = [
      { from: 10, to: 20 },
      { from: 40, to: 50 },
    ].reduce((log, range) => withCalls(log, range, [], 'ann'), noCalls);
    expect(gapsIn(known, { from: 5, to: 60 })).toEqual([
      { from: 5, to: 9 },
      { from: 21, to: 39 },
      { from: 51, to: 60 },
    ]);
    expect(gapsIn(known, { from: 12, to: 18 })).toEqual([]);
    expect(gapsIn(known, { from: 15, to: 30 })).toEqual([{ from: 21, to: 30 }]);
    const joined = withCalls(known, { from: 21, to: 39 }, [], 'ann');
    expect(joined.covered).toEqual([{ from: 10, to: 50 }]);
    expect(gapsIn(noCalls, { from: 1, to: 0 })).toEqual([]);
  });
});
