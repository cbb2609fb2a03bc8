import type { AccountEnvelope } from './envelope.js';
import { type Account, type Device, REMEMBERED } from './state.js';

type OfDevice = Exclude<AccountEnvelope, { type: 'account.erased' }>;

/** The account after one more event. Total; a device that was revoked stays so whatever comes after. */
export function evolveAccount(state: Account, event: AccountEnvelope): Account {
  const { seq, at, commandId, type } = event;
  if (event.type === 'account.erased') {
    const deeds = [{ commandId, type, device: undefined, seq, at }];
    return { revision: seq, erasedAt: at, devices: new Map(), deeds };
  }
  const { device } = event.data;
  const deed = { commandId, type, device, seq, at };
  return {
    revision: seq,
    erasedAt: state.erasedAt,
    devices: new Map(state.devices).set(device, after(state.devices.get(device), event)),
    deeds: [...state.deeds, deed].slice(-REMEMBERED),
  };
}

function after(known: Device | undefined, event: OfDevice): Device {
  if (known?.tag === 'revoked') return known;
  switch (event.type) {
    case 'device.registered': {
      const { keys, name } = event.data;
      return { tag: 'live', registeredAt: known?.registeredAt ?? event.at, keys, name };
    }
    case 'device.revoked':
      return {
        tag: 'revoked',
        registeredAt: known?.registeredAt,
        revokedAt: event.at,
        name: known?.name,
      };
    default:
      return event satisfies never;
  }
}
