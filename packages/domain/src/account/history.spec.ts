import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { expect, it } from 'vitest';
import { accountEnvelope, foldAccount, register, revoke } from '../testing/account.js';
import { MAX_DEVICES } from '../wire/devices.js';
import type { AccountCommand } from './commands.js';
import { decideAccount } from './decide.js';
import { type AccountEnvelope, decodeAccountEvent } from './envelope.js';
import { evolveAccount } from './evolve.js';
import { accountOfSnapshot, accountSnapshot } from './snapshot.js';
import { type Account, initialAccount, isRevoked, REMEMBERED } from './state.js';

const device = fc.integer({ min: 0, max: 45 }).map((n) => `d${n}`);
const command: fc.Arbitrary<AccountCommand> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(device, fc.constantFrom('K1', 'K2')).map(([by, keys]) => register(by, keys)),
  },
  { weight: 1, arbitrary: device.map((wanted) => revoke(wanted)) },
);

/** Every state on the way, and the events that led there. */
function run(commands: readonly AccountCommand[]) {
  const states: Account[] = [initialAccount];
  const events: AccountEnvelope[] = [];
  for (const next of commands) {
    const state = states.at(-1) as Account;
    const decision = decideAccount(state, next);
    if (E.isLeft(decision) || decision.right === undefined) continue;
    const event = accountEnvelope(decision.right, state.revision + 1);
    events.push(event);
    states.push(evolveAccount(state, event));
  }
  return { states, events };
}

const commands = fc.array(command, { maxLength: 300, size: 'max' });

it('never has a device back that was revoked, and never more than a user may have', () => {
  fc.assert(
    fc.property(commands, (given) => {
      const gone = new Set<string>();
      for (const state of run(given).states) {
        for (const [id, { tag }] of state.devices) if (tag === 'revoked') gone.add(id);
        for (const id of gone) expect(isRevoked(state, id)).toBe(true);
        const live = [...state.devices.values()].filter(({ tag }) => tag === 'live');
        expect(live.length).toBeLessThanOrEqual(MAX_DEVICES);
        expect(state.deeds.length).toBeLessThanOrEqual(REMEMBERED);
      }
    }),
  );
});

it('numbers its events densely, and each changes something', () => {
  fc.assert(
    fc.property(commands, (given) => {
      const { states, events } = run(given);
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
      for (let i = 1; i < states.length; i++) expect(states[i]?.devices).not.toEqual(states[i - 1]?.devices);
    }),
  );
});

it('is the same from its events as they are written, and from a snapshot anywhere on the way', () => {
  fc.assert(
    fc.property(commands, fc.nat(), (given, n) => {
      const { states, events } = run(given);
      const last = states.at(-1);
      const read = events.map((event) => decodeAccountEvent(JSON.parse(JSON.stringify(event))));
      expect(read).toStrictEqual(events.map((event) => E.right(event)));
      const at = n % states.length;
      const resumed = accountOfSnapshot(JSON.parse(JSON.stringify(accountSnapshot(states[at] as Account))));
      expect(resumed).toStrictEqual(states[at]);
      expect(events.slice(at).reduce(evolveAccount, resumed as Account)).toStrictEqual(last);
    }),
  );
});

it('does not take a snapshot of another version, nor a damaged one', () => {
  const snapshot = accountSnapshot(foldAccount([])) as object;
  expect(accountOfSnapshot(snapshot)).toStrictEqual(initialAccount);
  expect(accountOfSnapshot({ ...snapshot, version: 0 })).toBeUndefined();
  expect(accountOfSnapshot({ ...snapshot, devices: [{ tag: 'live' }] })).toBeUndefined();
});
