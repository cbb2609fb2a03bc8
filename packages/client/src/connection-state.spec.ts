import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ConnectionEvent, type ConnectionState, transition } from './connection-state.js';

const states: readonly ConnectionState[] = [
  { tag: 'stopped' },
  { tag: 'connecting', failures: 2 },
  { tag: 'opening', failures: 2 },
  { tag: 'open', failures: 2 },
  { tag: 'waiting', failures: 2 },
];

const events = {
  start: { tag: 'start' },
  stop: { tag: 'stop' },
  socketOpened: { tag: 'socketOpened' },
  sessionOpened: { tag: 'sessionOpened' },
  brokenResume: { tag: 'broken', next: 'resume', reason: 'r' },
  brokenRenew: { tag: 'broken', next: 'renew', reason: 'r' },
  brokenStop: { tag: 'broken', next: 'stop', reason: 'r' },
  settled: { tag: 'settled' },
  waited: { tag: 'waited' },
} as const satisfies Record<string, ConnectionEvent>;

/** Every state × event that changes something: the state it leads to, and what is to be done. All others change nothing. */
const table: Record<string, Partial<Record<keyof typeof events, string>>> = {
  stopped: { start: 'connecting 0: dial' },
  connecting: {
    stop: 'stopped: hangUp',
    socketOpened: 'opening 2: openSession',
    brokenResume: 'waiting 3: hangUp wait',
    brokenRenew: 'waiting 3: hangUp wait',
    brokenStop: 'stopped (r): hangUp',
  },
  opening: {
    stop: 'stopped: hangUp',
    sessionOpened: 'open 2: settle',
    brokenResume: 'waiting 3: hangUp wait',
    brokenRenew: 'waiting 3: hangUp wait',
    brokenStop: 'stopped (r): hangUp',
  },
  open: {
    stop: 'stopped: hangUp',
    settled: 'open 0:',
    brokenResume: 'waiting 3: hangUp wait',
    brokenRenew: 'waiting 3: hangUp wait',
    brokenStop: 'stopped (r): hangUp',
  },
  waiting: { stop: 'stopped:', waited: 'connecting 2: dial' },
};

const shown = (state: ConnectionState): string =>
  state.tag === 'stopped'
    ? `stopped${state.reason === undefined ? '' : ` (${state.reason})`}`
    : `${state.tag} ${state.failures}`;

describe('the states of a connection', () => {
  for (const state of states) {
    for (const name of Object.keys(events) as (keyof typeof events)[]) {
      const expected = table[state.tag]?.[name];
      it(`${state.tag}, when ${name}: ${expected ?? 'nothing changes'}`, () => {
        const { state: next, effects } = transition(state, events[name]);
        if (expected === undefined) {
          expect(next).toBe(state);
          expect(effects).toEqual([]);
        } else expect(`${shown(next)}: ${effects.join(' ')}`.trim()).toBe(expected);
      });
    }
  }

  it('never has two sockets, or a session on a socket that is not there, whatever happens', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...(Object.values(events) as ConnectionEvent[]))), (happened) => {
        let state: ConnectionState = { tag: 'stopped' };
        let sockets = 0;
        for (const event of happened) {
          const next = transition(state, event);
          for (const effect of next.effects) {
            if (effect === 'dial') sockets++;
            if (effect === 'hangUp') sockets--;
            if (effect === 'openSession') expect(sockets).toBe(1);
          }
          state = next.state;
          expect(sockets).toBe(state.tag === 'stopped' || state.tag === 'waiting' ? 0 : 1);
        }
      }),
    );
  });
});
