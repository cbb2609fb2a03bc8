import type * as t from 'io-ts';
import { DeviceId, UserId } from '../ids.js';
import { shape } from '../shape.js';
import { DeviceName, Keys } from '../wire/devices.js';

/** Every event of an account by its name in the log: its current version and the codec of its data. */
export const accountEventCodecs = {
  'device.registered': { version: 1, data: shape({ device: DeviceId, keys: Keys }, { name: DeviceName }) },
  'device.revoked': { version: 1, data: shape({ device: DeviceId }) },
  /** `operator` where somebody else asked for it. */
  'account.erased': { version: 1, data: shape({}, { operator: UserId }) },
} as const;

export type AccountEventType = keyof typeof accountEventCodecs;

export type AccountEventOf<T extends AccountEventType> = {
  readonly type: T;
  readonly data: t.TypeOf<(typeof accountEventCodecs)[T]['data']>;
};

/** What has happened, as deciding returns it: without its place in the log. */
export type AccountEvent = { [T in AccountEventType]: AccountEventOf<T> }[AccountEventType];
