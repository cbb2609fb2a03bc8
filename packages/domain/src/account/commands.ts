import type * as t from 'io-ts';
import type { DeviceId, UserId } from '../ids.js';
import type { DeviceRegister, DeviceRevoke } from '../wire/devices.js';

/** What the command-api adds before deciding: whose account, the device that asks, and the time in ms. */
type Circumstances = { readonly user: UserId; readonly by: DeviceId; readonly at: number };

/** A command by its name on the wire. */
type CommandOf<T extends string, Data> = { readonly type: T; readonly data: Data } & Circumstances;

export type RegisterDevice = CommandOf<'device.register', t.TypeOf<typeof DeviceRegister>>;
export type RevokeDevice = CommandOf<'device.revoke', t.TypeOf<typeof DeviceRevoke>>;
export type AccountCommand = RegisterDevice | RevokeDevice;

/** The device a command is about: one registers itself, and revokes any. */
export const deviceOf = (command: AccountCommand): DeviceId =>
  command.type === 'device.register' ? command.by : command.data.device;
