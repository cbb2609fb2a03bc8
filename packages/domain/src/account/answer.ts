import type * as t from 'io-ts';
import type { DeviceAnswer } from '../wire/devices.js';
import { type AccountCommand, deviceOf } from './commands.js';
import type { AccountEnvelope } from './envelope.js';
import type { Account, AccountDeed } from './state.js';

export type AccountAnswer = t.TypeOf<typeof DeviceAnswer>;

/** What the account remembers to have been done under a command's id. */
export const accountDeedOf = (state: Account, { data: { commandId } }: AccountCommand) =>
  state.deeds.findLast((deed) => deed.commandId === commandId);

/** The first answer again. */
export const accountAnswerAgain = ({ device, at }: Pick<AccountDeed, 'device' | 'at'>): AccountAnswer => ({
  device,
  at,
  repeated: true,
});

/** Whether a command says what made this event; an event of another kind or device says that its id was used before. */
export function saysTheSameOfAccount(command: AccountCommand, event: AccountEnvelope): boolean {
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
    default:
      return command satisfies never;
  }
}
