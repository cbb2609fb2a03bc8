import type * as t from 'io-ts';
import type { DeviceId, UserId } from '../ids.js';
import { DeviceRegister, DeviceRevoke } from '../wire/devices.js';

/** Every command of an account by its name on the wire. */
export const accountCommandCodecs = {
  'device.register': DeviceRegister,
  'device.revoke': DeviceRevoke,
} as const;

export type AccountCommandType = keyof typeof accountCommandCodecs;

/** What the command-api adds before deciding: whose account, the device that asks, and the time in ms. */
type Circumstances = { readonly user: UserId; readonly by: DeviceId; readonly at: number };

type CommandOf<T extends AccountCommandType> = {
  readonly type: T;
  readonly data: t.TypeOf<(typeof accountCommandCodecs)[T]>;
} & Circumstances;

export type RegisterDevice = CommandOf<'device.register'>;
export type RevokeDevice = CommandOf<'device.revoke'>;
export type AccountCommand = RegisterDevice | RevokeDevice;

/** The device a command is about: one registers itself, and revokes any. */
export const deviceOf = (command: AccountCommand): DeviceId =>
  command.type === 'device.register' ? command.by : command.data.device;

export const isAccountCommandType = (name: string): name is AccountCommandType =>
  Object.hasOwn(accountCommandCodecs, name);
