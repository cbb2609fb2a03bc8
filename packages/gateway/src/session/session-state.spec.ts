import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  awaiting,
  DRAIN_WITHIN_MS,
  endOfPatience,
  OPEN_WITHIN_MS,
  type SessionInput,
  type SessionState,
  stepSession,
} from './session-state.js';

const NOW = 1_000_000;

const states = {
  'awaiting in time': { tag: 'awaiting', until: NOW + 1 },
  'awaiting too long': { tag: 'awaiting', until: NOW },
  'opening, token unchecked': { tag: 'opening', expiresAt: undefined },
  'opening, token good': { tag: 'opening', expiresAt: NOW + 1 },
  'opening, token ended': { tag: 'opening', expiresAt: NOW },
  'open, token good': { tag: 'open', expiresAt: NOW + 2, warnAt: NOW + 1 },
  'open, token ending': { tag: 'open', expiresAt: NOW + 1, warnAt: NOW },
  'open, token ending, client told': { tag: 'open', expiresAt: NOW + 1, warnAt: Number.POSITIVE_INFINITY },
  'open, token ended': { tag: 'open', expiresAt: NOW, warnAt: Number.POSITIVE_INFINITY },
  'closing in time': { tag: 'closing', why: 'SlowReader', until: NOW + 1 },
  'closing too long': { tag: 'closing', why: 'SlowReader', until: NOW },
  closed: { tag: 'closed' },
} as const satisfies Record<string, SessionState>;

const inputs = {
  open: { tag: 'open' },
  request: { tag: 'request' },
  'verified, good': { tag: 'verified', expiresAt: NOW + 5 },
  'verified, ended': { tag: 'verified', expiresAt: NOW },
  'renewed, good': { tag: 'renewed', expiresAt: NOW + 5 },
  'renewed, ended': { tag: 'renewed', expiresAt: NOW },
  opened: { tag: 'opened' },
  unable: { tag: 'unable' },
  'refused, expired': { tag: 'refused', expired: true },
  'refused, forged': { tag: 'refused', expired: false },
  'device revoked': { tag: 'revoked', as: 'DeviceRevoked' },
  'person erased': { tag: 'revoked', as: 'PersonErased' },
  'broke the protocol': { tag: 'broke', how: 'ProtocolError' },
  'sent too much': { tag: 'broke', how: 'FrameTooLarge' },
  overflowed: { tag: 'overflowed' },
  lost: { tag: 'lost' },
  stopping: { tag: 'stopping' },
  tick: { tag: 'tick' },
  gone: { tag: 'gone' },
} as const satisfies Record<string, SessionInput>;

type StateName = keyof typeof states;
type InputName = keyof typeof inputs;

/** What a step does, short: the next state, then what is to be done. */
function shown(state: SessionState, input: SessionInput): string {
  const { state: next, effect } = stepSession(state, input, NOW);
  const where = next === state ? 'stays' : next.tag === 'closing' ? `closing ${next.why}` : next.tag;
  if (effect === undefined) return where;
  const refusal = 'refusal' in effect && effect.refusal !== undefined ? ` ${effect.refusal}` : '';
  return `${where}, ${effect.tag}${refusal}`;
}

const closing = (why: string, refusal = '') => `closing ${why}, close${refusal === '' ? '' : ` ${refusal}`}`;
const everywhere = {
  'broke the protocol': closing('ProtocolError'),
  'sent too much': closing('FrameTooLarge'),
  overflowed: closing('SlowReader'),
  lost: closing('SessionLost'),
  stopping: closing('GoingAway'),
  gone: 'closed, forget',
} as const;
const notOpen = { 'renewed, good': 'stays', 'renewed, ended': 'stays' } as const;
const notOpening = {
  'verified, good': 'stays',
  'verified, ended': 'stays',
  opened: 'stays',
  unable: 'stays',
  'refused, expired': 'stays',
  'refused, forged': 'stays',
} as const;
const opening = {
  ...everywhere,
  'device revoked': closing('DeviceRevoked', 'DeviceRevoked'),
  'person erased': closing('PersonErased', 'PersonErased'),
  ...notOpen,
  open: 'stays, refuse SessionAlreadyOpen',
  request: 'stays, refuse NotAuthenticated',
  'verified, good': 'opening',
  'verified, ended': closing('TokenExpired', 'TokenExpired'),
  unable: 'awaiting, refuse Unavailable',
  'refused, expired': closing('TokenExpired', 'TokenExpired'),
  'refused, forged': closing('TokenRefused', 'NotAuthenticated'),
} as const;
const awaitingToken = {
  ...everywhere,
  'device revoked': 'stays',
  'person erased': 'stays',
  ...notOpen,
  ...notOpening,
  open: 'opening, begin',
  request: 'stays, refuse NotAuthenticated',
} as const;
const open = {
  ...everywhere,
  'device revoked': closing('DeviceRevoked', 'DeviceRevoked'),
  'person erased': closing('PersonErased', 'PersonErased'),
  ...notOpening,
  open: 'stays, refuse SessionAlreadyOpen',
  request: 'stays, ask',
  'renewed, good': 'open',
  'renewed, ended': 'stays, refuse TokenExpired',
} as const;
const all = (what: string) =>
  Object.fromEntries(Object.keys(inputs).map((name) => [name, what])) as Record<InputName, string>;

const table: Record<StateName, Record<InputName, string>> = {
  'awaiting in time': { ...awaitingToken, tick: 'stays' },
  'awaiting too long': { ...awaitingToken, tick: closing('OpenTimeout') },
  'opening, token unchecked': { ...opening, opened: 'stays', tick: 'stays' },
  'opening, token good': { ...opening, opened: 'open, start', tick: 'stays' },
  'opening, token ended': { ...opening, opened: 'open, start', tick: closing('TokenExpired') },
  'open, token good': { ...open, tick: 'stays' },
  'open, token ending': { ...open, tick: 'open, warn' },
  'open, token ending, client told': { ...open, tick: 'stays' },
  'open, token ended': {
    ...open,
    request: closing('TokenExpired', 'TokenExpired'),
    tick: closing('TokenExpired'),
  },
  'closing in time': { ...all('stays'), gone: 'closed, forget' },
  'closing too long': { ...all('stays, cut'), gone: 'closed, forget' },
  closed: all('stays'),
};

describe.each(Object.keys(states) as StateName[])('a session that is %s', (state) => {
  it.each(Object.keys(inputs) as InputName[])('given: %s', (input) => {
    expect(shown(states[state], inputs[input])).toBe(table[state][input]);
  });
});

it.each(Object.values(states))('has an end of patience exactly when time changes it: %j', (state) => {
  const { state: next, effect } = stepSession(state, inputs.tick, NOW);
  expect(endOfPatience(state) <= NOW).toBe(next !== state || effect !== undefined);
});

it('gives a connection five seconds to open, and again after it could not be opened', () => {
  expect(awaiting(NOW)).toEqual({ tag: 'awaiting', until: NOW + OPEN_WITHIN_MS });
  const { state } = stepSession({ tag: 'opening', expiresAt: undefined }, { tag: 'unable' }, NOW);
  expect(state).toEqual(awaiting(NOW));
});

it.each([
  ['a minute before the end of a long token', 3_600_000, 60_000],
  ['a tenth of a short token’s life before its end', 60_000, 6_000],
])('announces %s', (_, life, inMs) => {
  const { state } = stepSession({ tag: 'opening', expiresAt: NOW + life }, inputs.opened, NOW);
  expect(state).toEqual({ tag: 'open', expiresAt: NOW + life, warnAt: NOW + life - inMs });
  const told = stepSession(state, inputs.tick, NOW + life - inMs);
  expect(told.effect).toEqual({ tag: 'warn', expiresAt: NOW + life, inMs });
  const renewed = stepSession(told.state, { tag: 'renewed', expiresAt: NOW + 2 * life }, NOW);
  expect(endOfPatience(renewed.state)).toBe(NOW + 2 * life - Math.min(60_000, (2 * life) / 10));
});

it('gives a full buffer a bounded time to take the close code', () => {
  const { state } = stepSession(states['open, token good'], { tag: 'overflowed' }, NOW);
  expect(state).toEqual({ tag: 'closing', why: 'SlowReader', until: NOW + DRAIN_WITHIN_MS });
});

it('passes no request on before a token was found good, after it ended, or once it is closing', () => {
  const input = fc.constantFrom(...Object.values(inputs));
  fc.assert(
    fc.property(fc.array(fc.tuple(input, fc.nat(3_000)), { maxLength: 40 }), (steps) => {
      let state: SessionState = awaiting(NOW);
      let now = NOW;
      let expiresAt: number | undefined;
      for (const [input, later] of steps) {
        now += later;
        const step: ReturnType<typeof stepSession> = stepSession(state, input, now);
        if (input.tag === 'verified' && state.tag === 'opening') expiresAt = input.expiresAt;
        if (input.tag === 'renewed' && state.tag === 'open' && now < input.expiresAt)
          expiresAt = input.expiresAt;
        if (step.effect?.tag === 'ask')
          expect(expiresAt !== undefined && now < expiresAt && state.tag === 'open').toBe(true);
        if (state.tag === 'closing') expect(['closing', 'closed']).toContain(step.state.tag);
        state = step.state;
      }
    }),
  );
});
