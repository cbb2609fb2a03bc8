import { describe, expect, it } from 'vitest';
import { accountEnvelope, foldAccount, register, registered, revoke, revoked } from '../testing/account.js';
import { NOON } from '../testing/commands.js';
import { accountAnswerAgain, accountDeedOf, saysTheSameOfAccount } from './answer.js';
import { type AccountDeed, REMEMBERED } from './state.js';

describe('a command of an account that comes again', () => {
  it('is remembered by its id, and answered as it was first', () => {
    const state = foldAccount([registered('phone'), registered('laptop')]);
    const again = register('phone', 'AAAA', { commandId: 'past-1' });
    expect(accountAnswerAgain(again, accountDeedOf(state, again) as AccountDeed)).toStrictEqual({
      device: 'phone',
      at: NOON + 1,
      repeated: true,
    });
    expect(accountDeedOf(state, register('phone', 'AAAA', { commandId: 'other' }))).toBeUndefined();
  });

  it('is remembered for the newest 64 events', () => {
    expect(REMEMBERED).toBe(64);
    const past = Array.from({ length: 65 }, (_, n) => registered('phone', `K${n}`));
    const state = foldAccount(past);
    expect(accountDeedOf(state, register('phone', 'K0', { commandId: 'past-1' }))).toBeUndefined();
    expect(accountDeedOf(state, register('phone', 'K1', { commandId: 'past-2' }))).toBeDefined();
  });

  it('says the same only with the same device, keys and name', () => {
    const event = accountEnvelope(registered('phone', 'KEYS', 'Phone'), 1);
    expect(saysTheSameOfAccount(register('phone', 'KEYS', { name: 'Phone' }), event)).toBe(true);
    expect(saysTheSameOfAccount(register('phone', 'OTHER', { name: 'Phone' }), event)).toBe(false);
    expect(saysTheSameOfAccount(register('phone', 'KEYS'), event)).toBe(false);
    expect(saysTheSameOfAccount(register('laptop', 'KEYS', { name: 'Phone' }), event)).toBe(false);
    expect(saysTheSameOfAccount(revoke('phone'), event)).toBe(false);
  });

  it('says the same with the device that was revoked', () => {
    const event = accountEnvelope(revoked('phone'), 1);
    expect(saysTheSameOfAccount(revoke('phone', 'laptop'), event)).toBe(true);
    expect(saysTheSameOfAccount(revoke('phone', 'tablet'), event)).toBe(true);
    expect(saysTheSameOfAccount(revoke('tablet'), event)).toBe(false);
    expect(saysTheSameOfAccount(register('phone'), event)).toBe(false);
  });
});
