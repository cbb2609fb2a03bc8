import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { decodeEnvelope, type Envelope } from '../log/envelope.js';
import { anyEvent, commands } from '../testing/arbitraries.js';
import { answerBefore, happen } from '../testing/history.js';

import type { Command } from './commands.js';
import { decide } from './decide.js';
import { eventCodecs } from './events.js';
import { evolve } from './evolve.js';
import { fromSnapshot, toSnapshot } from './snapshot.js';
import { type Conversation, initial, stands } from './state.js';
import { MAX_MEMBERS } from './vocabulary.js';

const RUNS = { numRuns: 200 };
const replay = (log: readonly Envelope[]): Conversation => log.reduce(evolve, initial as Conversation);

/** An event as it comes back from the log. */
function stored(event: Envelope): Envelope {
  const decoded = decodeEnvelope(JSON.parse(JSON.stringify(event)));
  if (E.isLeft(decoded)) throw new Error(`${event.type}: ${decoded.left}`);
  return decoded.right;
}

describe('whatever people try in a conversation', () => {
  it('folds to the same state from its events alone, as they come back from the log', () => {
    fc.assert(
      fc.property(commands, (tried) => {
        const { state, log } = happen(tried);
        expect(log.map(stored)).toStrictEqual(log);
        expect(replay(log.map(stored))).toStrictEqual(state);
      }),
      RUNS,
    );
  });

  it('numbers events densely from 1, and messages among them too', () => {
    fc.assert(
      fc.property(commands, (tried) => {
        const { state, log } = happen(tried);
        expect(log.map(({ seq }) => seq)).toStrictEqual(log.map((_, i) => i + 1));
        expect(state.revision).toBe(log.length);
        const ordinals = log.flatMap((event) => (event.type === 'message.sent' ? [event.data.ordinal] : []));
        expect(ordinals).toStrictEqual(ordinals.map((_, i) => i + 1));
        if (state.tag !== 'erased') expect(stands(state) ? state.messages : 0).toBe(ordinals.length);
      }),
      RUNS,
    );
  });

  it('counts its owners rightly and is never left to people without one', () => {
    fc.assert(
      fc.property(commands, (tried) => {
        const { log } = happen(tried);
        let state: Conversation = initial;
        for (const event of log) {
          state = evolve(state, event);
          if (!stands(state)) continue;
          const owners = [...state.members.values()].filter(({ role }) => role === 'owner').length;
          expect(state.owners).toBe(owners);
          if (state.kind !== 'direct' && state.members.size > 0) expect(owners).toBeGreaterThan(0);
          if (state.kind === 'direct' && !log.some(({ type }) => type === 'member.erased'))
            expect([...state.members.keys()].sort()).toStrictEqual(['ann', 'bob']);
        }
      }),
      RUNS,
    );
  });

  it('keeps out who is banned, and never has more members than its kind allows', () => {
    fc.assert(
      fc.property(commands, (tried) => {
        const { state } = happen(tried);
        if (!stands(state)) return;
        for (const { banHash } of state.members.values()) expect(state.bans.has(banHash)).toBe(false);
        expect(state.members.size).toBeLessThanOrEqual(MAX_MEMBERS[state.kind]);
      }),
      RUNS,
    );
  });

  it('gives every command that made an event the same answer again, with the seq of that event', () => {
    fc.assert(
      fc.property(commands, (tried) => {
        const { state, steps, log } = happen(tried);
        for (const { command, outcome } of steps) {
          if (E.isLeft(outcome)) continue;
          const event = log[outcome.right.seq - 1];
          if (event?.commandId !== command.data.commandId || event.actor !== command.actor) continue;
          expect(answerBefore(state, log, command)).toStrictEqual(
            E.right({ conversationId: event.conversationId, seq: event.seq, at: event.at, repeated: true }),
          );
        }
      }),
      RUNS,
    );
  });

  it('decides the same twice, and changes nothing by deciding', () => {
    fc.assert(
      fc.property(commands, (tried) => {
        const { state } = happen(tried);
        const before = JSON.stringify(toSnapshot(state));
        for (const command of tried) expect(decide(state, command)).toStrictEqual(decide(state, command));
        expect(JSON.stringify(toSnapshot(state))).toBe(before);
      }),
      { numRuns: 100 },
    );
  });

  it('survives as a snapshot, and goes on from it as if nothing had been', () => {
    fc.assert(
      fc.property(commands, fc.nat(70), (tried, cut) => {
        const { state, log } = happen(tried);
        const half = replay(log.slice(0, cut));
        const restored = fromSnapshot(JSON.parse(JSON.stringify(toSnapshot(half))));
        expect(restored).toStrictEqual(half);
        expect(log.slice(cut).reduce(evolve, restored as Conversation)).toStrictEqual(state);
      }),
      RUNS,
    );
  });

  it('is tried in earnest: the generated commands reach every event and nearly every refusal', () => {
    const seen = new Set<string>();
    const sample = fc.sample(commands, { numRuns: 400, seed: 7 });
    for (const tried of sample as readonly (readonly Command[])[]) {
      const { log, steps } = happen(tried);
      for (const { type } of log) seen.add(type);
      for (const { outcome } of steps) seen.add(E.isLeft(outcome) ? outcome.left.tag : 'answered');
    }
    const refusalsReached = [
      'CallNotFound',
      'CallOngoing',
      'ConversationClosed',
      'ConversationExists',
      'ConversationNotFound',
      'DirectNeedsTwo',
      'IdReused',
      'LastOwner',
      'LifeNotAllowed',
      'MessageNotFound',
      'NotAMember',
      'NotAllowed',
      'NotForThisKind',
      'NotInCall',
      'NotTheAuthor',
      'OnLegalHold',
      'ScopeMissing',
      'UserBanned',
    ];
    expect([...seen].sort()).toStrictEqual(
      ['answered', ...Object.keys(eventCodecs), ...refusalsReached].sort(),
    );
  });
});

describe('any event on any state', () => {
  it('is folded without a throw, moves the revision, and leaves a state that can be kept', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 90 }), (events) => {
        let state: Conversation = initial;
        for (const event of events) {
          const seq: number = state.revision + 1;
          state = evolve(state, stored(event(seq)));
          expect(state.revision).toBe(seq);
        }
        if (stands(state)) {
          expect(state.owners).toBe(
            [...state.members.values()].filter(({ role }) => role === 'owner').length,
          );
        }
        expect(fromSnapshot(JSON.parse(JSON.stringify(toSnapshot(state))))).toStrictEqual(state);
      }),
      RUNS,
    );
  });
});
