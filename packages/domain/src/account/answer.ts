import type * as t from 'io-ts';
import type { AccountErased, DeviceAnswer } from '../wire/devices.js';
import { type AccountCommand, deviceOf } from './commands.js';
import type { AccountEnvelope } from './envelope.js';
import type { Account, AccountDeed } from './state.js';

export type AccountAnswer = t.TypeOf<typeof DeviceAnswer> | t.TypeOf<typeof AccountErased>;

/** The answer to a command that was done at `at`, in ms. */
export function accountAnswer(command: AccountCommand, at: number): AccountAnswer {
  const device = deviceOf(command);
  return device === undefined ? { user: command.user, at } : { device, at };
}

/** What the account remembers to have been done under a command's id. */
export const accountDeedOf = (state: Account, { data: { commandId } }: AccountCommand) =>
  state.deeds.findLast((deed) => deed.commandId === commandId);

/** The first answer again, of a command that says the same. */
export const accountAnswerAgain = (
  command: AccountCommand,
  { at }: Pick<AccountDeed, 'at'>,
): AccountAnswer => ({ ...accountAnswer(command, at), repeated: true });

/** Whether a command says what made this event; an event of another kind or device says that its id was used before. */
export function saysTheSameOfAccount(command: AccountCommand, event: AccountEnvelope): boolean {
  if (event.type === 'account.erased') return command.type === 'account.erase';
  if (deviceOf(command) !== event.data.device) return false;
  switch (command.type) {
    case 'device.register':
      return (
        event.type === 'device.registered' &&
        event.data.keys === command.data.keys &&
        event.data.name === command.data.name
      );
    case 'device.revoke':
      return event.type === 'device.revoked';
    case 'account.erase':
      return false;
    default:
      return command satisfies never;
  }
}
