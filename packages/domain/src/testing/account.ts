import * as E from 'fp-ts/lib/Either.js';
import { expect } from 'vitest';
import type { AccountCommand } from '../account/commands.js';
import { decideAccount } from '../account/decide.js';
import { type AccountEnvelope, envelopAccount } from '../account/envelope.js';
import type { AccountEvent } from '../account/events.js';
import { evolveAccount } from '../account/evolve.js';
import { type Account, initialAccount } from '../account/state.js';
import { type RefusalTag, refuse } from '../conversation/refusals.js';
import { NOON } from './commands.js';

/** Given events of ann's account, when a command, then an event, a refusal, or nothing. */
export function givenAccount(...past: readonly AccountEvent[]) {
  const state = foldAccount(past);
  return {
    state,
    when(command: AccountCommand) {
      const decision = decideAccount(state, command);
      return {
        makes: (event: AccountEvent) => expect(decision).toStrictEqual(E.right(event)),
        makesNothing: () => expect(decision).toStrictEqual(E.right(undefined)),
        isRefused: (tag: RefusalTag, detail?: string) =>
          expect(decision).toStrictEqual(E.left(refuse(tag, detail))),
      };
    },
  };
}

/** Ann's account after these events, one seq each from 1. */
export const foldAccount = (past: readonly AccountEvent[]): Account =>
  past.map((event, i) => accountEnvelope(event, i + 1)).reduce(evolveAccount, initialAccount);

/** An event at its place in ann's log, a millisecond after the one before. */
export const accountEnvelope = (
  event: AccountEvent,
  seq: number,
  commandId = `past-${seq}`,
): AccountEnvelope =>
  envelopAccount(event, {
    user: 'ann',
    seq,
    at: NOON + seq,
    by: event.type === 'account.erased' ? 'laptop' : event.data.device,
    commandId,
  });

export const registered = (device: string, keys = 'AAAA', name?: string): AccountEvent => ({
  type: 'device.registered',
  data: name === undefined ? { device, keys } : { device, keys, name },
});

export const revoked = (device: string): AccountEvent => ({ type: 'device.revoked', data: { device } });

export const erased = (operator?: string): AccountEvent => ({
  type: 'account.erased',
  data: operator === undefined ? {} : { operator },
});

/** Commands as the command-api hands them to the decider: of ann at noon. */
export const register = (
  by: string,
  keys = 'AAAA',
  more: { readonly name?: string; readonly commandId?: string } = {},
): AccountCommand => ({
  type: 'device.register',
  data: { commandId: 'c-1', keys, ...more },
  user: 'ann',
  by,
  at: NOON,
});

export const revoke = (device: string, by = 'laptop', commandId = 'c-1'): AccountCommand => ({
  type: 'device.revoke',
  data: { commandId, device },
  user: 'ann',
  by,
  at: NOON,
});

export const eraseAccount = (commandId = 'c-1', operator?: string): AccountCommand => ({
  type: 'account.erase',
  data: { commandId },
  user: 'ann',
  by: 'laptop',
  at: NOON,
  ...(operator === undefined ? {} : { operator }),
});
