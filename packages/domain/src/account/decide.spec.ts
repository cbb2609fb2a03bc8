import { describe, expect, it } from 'vitest';
import {
  accountEnvelope,
  eraseAccount,
  erased,
  givenAccount,
  register,
  registered,
  revoke,
  revoked,
} from '../testing/account.js';
import { MAX_DEVICES } from '../wire/devices.js';
import { evolveAccount } from './evolve.js';
import { accountOfSnapshot, accountSnapshot } from './snapshot.js';
import { goneAs, initialAccount, isRevoked, MAX_KNOWN } from './state.js';

const many = (count: number, prefix = 'd') => Array.from({ length: count }, (_, n) => `${prefix}${n}`);

describe('registering', () => {
  it('makes the device of the token known, with its keys and name', () => {
    givenAccount()
      .when(register('phone', 'KEYS', { name: 'Phone' }))
      .makes(registered('phone', 'KEYS', 'Phone'));
    givenAccount(registered('laptop')).when(register('phone')).makes(registered('phone'));
  });

  it('replaces the keys and the name of a device', () => {
    const given = givenAccount(registered('phone', 'OLD', 'Phone'));
    given.when(register('phone', 'NEW', { name: 'Phone' })).makes(registered('phone', 'NEW', 'Phone'));
    given.when(register('phone', 'OLD', { name: 'Mine' })).makes(registered('phone', 'OLD', 'Mine'));
    given.when(register('phone', 'OLD')).makes(registered('phone', 'OLD'));
  });

  it('makes nothing when keys and name are so already', () => {
    givenAccount(registered('phone', 'KEYS', 'Phone'))
      .when(register('phone', 'KEYS', { name: 'Phone' }))
      .makesNothing();
    givenAccount(registered('phone', 'KEYS')).when(register('phone', 'KEYS')).makesNothing();
  });

  it('keeps the time of the first registration', () => {
    const { state } = givenAccount(registered('phone', 'OLD'), registered('phone', 'NEW'));
    const first = givenAccount(registered('phone', 'OLD')).state.devices.get('phone');
    expect(state.devices.get('phone')?.registeredAt).toBe(first?.registeredAt);
  });

  it('is refused to a device that was revoked, registered before or not', () => {
    givenAccount(registered('phone'), revoked('phone')).when(register('phone')).isRefused('DeviceRevoked');
    givenAccount(revoked('phone')).when(register('phone')).isRefused('DeviceRevoked');
  });

  it('is refused to one device more than a user may have, until one is revoked', () => {
    const full = many(MAX_DEVICES).map((device) => registered(device));
    givenAccount(...full)
      .when(register('phone'))
      .isRefused('TooManyDevices', `at most ${MAX_DEVICES}`);
    givenAccount(...full)
      .when(register('d0', 'NEW'))
      .makes(registered('d0', 'NEW'));
    givenAccount(...full, revoked('d7'))
      .when(register('phone'))
      .makes(registered('phone'));
  });
});

describe('revoking', () => {
  it('ends a device for good', () => {
    const given = givenAccount(registered('phone', 'KEYS', 'Phone'));
    given.when(revoke('phone')).makes(revoked('phone'));
    const { state } = givenAccount(registered('phone', 'KEYS', 'Phone'), revoked('phone'));
    expect(isRevoked(state, 'phone')).toBe(true);
    expect(isRevoked(state, 'laptop')).toBe(false);
    expect(state.devices.get('phone')).not.toHaveProperty('keys');
  });

  it('ends a device that never registered, because its tokens are good as well', () => {
    givenAccount().when(revoke('phone')).makes(revoked('phone'));
  });

  it('may be of the device that asks', () => {
    givenAccount(registered('phone')).when(revoke('phone', 'phone')).makes(revoked('phone'));
  });

  it('makes nothing the second time', () => {
    givenAccount(revoked('phone')).when(revoke('phone')).makesNothing();
  });

  it('is not undone by an event that follows it', () => {
    const { state } = givenAccount(revoked('phone'), registered('phone'));
    expect(isRevoked(state, 'phone')).toBe(true);
  });
});

describe('an account that knows as many devices as it can', () => {
  const old = many(MAX_KNOWN - 1).map(revoked);

  it('revokes a device it knows, and takes new keys of it', () => {
    const given = givenAccount(...old, registered('phone'));
    given.when(revoke('phone')).makes(revoked('phone'));
    given.when(register('phone', 'NEW')).makes(registered('phone', 'NEW'));
  });

  it('refuses every device it does not know, because it may be one that it could not remember', () => {
    const given = givenAccount(...old, registered('phone'));
    expect(isRevoked(given.state, 'stranger')).toBe(true);
    given.when(register('stranger')).isRefused('DeviceRevoked');
    given.when(revoke('stranger')).makesNothing();
    expect(isRevoked(givenAccount(...old).state, 'stranger')).toBe(false);
  });
});

describe('an account that is erased', () => {
  it('is so by the person, or by an operator who is named', () => {
    givenAccount(registered('phone')).when(eraseAccount()).makes(erased());
    givenAccount().when(eraseAccount('c-1', 'judge')).makes(erased('judge'));
  });

  it('knows nothing of them any more, and takes no device for theirs', () => {
    const { state } = givenAccount(registered('phone', 'KEYS', 'Phone'), revoked('laptop'), erased());
    expect(state.devices.size).toBe(0);
    for (const device of ['phone', 'laptop', 'another']) expect(goneAs(state, device)).toBe('PersonErased');
  });

  it('does nothing more, and is not erased twice', () => {
    givenAccount(erased()).when(register('phone')).isRefused('PersonErased');
    givenAccount(erased()).when(revoke('phone')).isRefused('PersonErased');
    givenAccount(erased()).when(eraseAccount()).makesNothing();
  });

  it('is kept in a snapshot, and folded alike where all before it was taken out of the log', () => {
    const { state } = givenAccount(registered('phone', 'KEYS', 'Phone'), erased('judge'));
    expect(accountOfSnapshot(JSON.parse(JSON.stringify(accountSnapshot(state))))).toEqual(state);
    expect(evolveAccount(initialAccount, accountEnvelope(erased('judge'), 2))).toEqual(state);
  });
});
