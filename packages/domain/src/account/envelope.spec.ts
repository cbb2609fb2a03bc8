import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { accountEnvelope, registered } from '../testing/account.js';
import { MAX_KEYS } from '../wire/devices.js';
import { decodeAccountEvent } from './envelope.js';

const event = accountEnvelope(registered('phone', 'KEYS', 'Phone'), 3);

describe('an event of an account', () => {
  it('has its position for an id, and is read as it was written', () => {
    expect(event.id).toBe('ann:3');
    expect(decodeAccountEvent(JSON.parse(JSON.stringify(event)))).toStrictEqual(E.right(event));
  });

  it('is not read when nobody knows it, or it comes from the future', () => {
    expect(decodeAccountEvent({ ...event, type: 'device.lost' })).toStrictEqual(
      E.left('type: nobody knows the event device.lost'),
    );
    expect(decodeAccountEvent({ ...event, version: 2 })).toStrictEqual(
      E.left('version: device.registered has version 2, this process knows up to 1'),
    );
    expect(decodeAccountEvent({ ...event, type: 'constructor' })).toMatchObject({ _tag: 'Left' });
  });

  it('has keys of as many bytes as JSON takes for them', () => {
    const withKeys = (keys: string) => decodeAccountEvent({ ...event, data: { device: 'phone', keys } });
    expect(withKeys('x'.repeat(MAX_KEYS))).toMatchObject({ _tag: 'Right' });
    expect(withKeys('"'.repeat(MAX_KEYS / 2))).toMatchObject({ _tag: 'Right' });
    expect(withKeys('"'.repeat(MAX_KEYS / 2 + 1))).toStrictEqual(
      E.left('data of device.registered: keys has 16386 bytes as JSON, at most 16384 are allowed'),
    );
  });
});
