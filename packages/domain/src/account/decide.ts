import * as E from 'fp-ts/lib/Either.js';
import { type Refusal, refuse } from '../conversation/refusals.js';
import { MAX_DEVICES } from '../wire/devices.js';
import type { AccountCommand, RegisterDevice, RevokeDevice } from './commands.js';
import type { AccountEvent } from './events.js';
import { type Account, isRevoked } from './state.js';

/** What happens: one event, or nothing because it is so already. */
export type AccountDecision = E.Either<Refusal, AccountEvent | undefined>;

/** Decides what a command does to the account of its user. Pure: the time comes with the command. */
export function decideAccount(state: Account, command: AccountCommand): AccountDecision {
  if (state.erasedAt !== undefined)
    return command.type === 'account.erase' ? unchanged : E.left(refuse('PersonErased'));
  switch (command.type) {
    case 'device.register':
      return register(state, command);
    case 'device.revoke':
      return revoke(state, command);
    case 'account.erase':
      return E.right({
        type: 'account.erased',
        data: command.operator === undefined ? {} : { operator: command.operator },
      });
    default:
      return command satisfies never;
  }
}

function register(state: Account, { by: device, data: { keys, name } }: RegisterDevice): AccountDecision {
  if (isRevoked(state, device)) return E.left(refuse('DeviceRevoked'));
  const known = state.devices.get(device);
  if (known?.tag === 'live' && known.keys === keys && known.name === name) return unchanged;
  if (known === undefined && liveDevices(state) >= MAX_DEVICES) {
    return E.left(refuse('TooManyDevices', `at most ${MAX_DEVICES}`));
  }
  const data = name === undefined ? { device, keys } : { device, keys, name };
  return E.right({ type: 'device.registered', data });
}

/** Also of a device that never registered: its tokens are good, so they must be able to end. */
function revoke(state: Account, { data: { device } }: RevokeDevice): AccountDecision {
  return isRevoked(state, device) ? unchanged : E.right({ type: 'device.revoked', data: { device } });
}

const unchanged: AccountDecision = E.right(undefined);

function liveDevices({ devices }: Account): number {
  let live = 0;
  for (const { tag } of devices.values()) if (tag === 'live') live++;
  return live;
}
