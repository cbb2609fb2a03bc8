import type * as t from 'io-ts';
import type { DeviceId, UserId } from '../ids.js';
import type { AccountErase, DeviceRegister, DeviceRevoke } from '../wire/devices.js';

/** What the command-api adds before deciding: whose account, the device that asks, and the time in ms. */
type Circumstances = { readonly user: UserId; readonly by: DeviceId; readonly at: number };

/** A command by its name on the wire. */
type CommandOf<T extends string, Data> = { readonly type: T; readonly data: Data } & Circumstances;

export type RegisterDevice = CommandOf<'device.register', t.TypeOf<typeof DeviceRegister>>;
export type RevokeDevice = CommandOf<'device.revoke', t.TypeOf<typeof DeviceRevoke>>;
/** `user` is who is to be erased; `operator` is who asks for it, where that is another. */
export type EraseAccount = CommandOf<'account.erase', t.TypeOf<typeof AccountErase>> & {
  readonly operator?: UserId;
};
export type AccountCommand = RegisterDevice | RevokeDevice | EraseAccount;

/** The device a command is about: one registers itself, and revokes any; undefined where it is about the person. */
export function deviceOf(command: AccountCommand): DeviceId | undefined {
  switch (command.type) {
    case 'device.register':
      return command.by;
    case 'device.revoke':
      return command.data.device;
    case 'account.erase':
      return undefined;
    default:
      return command satisfies never;
  }
}
