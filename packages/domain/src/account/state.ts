import type { AccountEventType } from './events.js';

/** Newest events an account remembers, so that the same id again returns the first answer. */
export const REMEMBERED = 64;

/**
 * Devices an account knows by their ids, those that were revoked included. With so many it is full: a device it does not
 * know counts as revoked from then on. So revoking always works, needs bounded memory, and is never undone by forgetting.
 */
export const MAX_KNOWN = 1_000;

export type Device =
  /** Registered, with its public keys. */
  | {
      readonly tag: 'live';
      readonly registeredAt: number;
      readonly keys: string;
      readonly name: string | undefined;
    }
  /** `registeredAt` is undefined where it never was. */
  | {
      readonly tag: 'revoked';
      readonly registeredAt: number | undefined;
      readonly revokedAt: number;
      readonly name: string | undefined;
    };

/** An event the account remembers: enough to repeat the first answer. */
export type AccountDeed = {
  readonly commandId: string;
  readonly type: AccountEventType;
  /** Undefined where it was done to the person. */
  readonly device: string | undefined;
  readonly seq: number;
  readonly at: number;
};

/** What is known of a user, folded from their events alone. */
export type Account = {
  /** Seq of the newest event; 0 before the first. */
  readonly revision: number;
  /** When the person was erased, in ms: nothing is known of them since, and nothing happens any more. */
  readonly erasedAt: number | undefined;
  /** By id, in the order in which they became known. */
  readonly devices: ReadonlyMap<string, Device>;
  /** Oldest first. */
  readonly deeds: readonly AccountDeed[];
};

export const initialAccount: Account = {
  revision: 0,
  erasedAt: undefined,
  devices: new Map(),
  deeds: [],
};

/** Whether tokens of a device are refused. One that never registered is as good as any other while the account has room. */
export function isRevoked({ devices }: Account, device: string): boolean {
  const known = devices.get(device);
  return known === undefined ? devices.size >= MAX_KNOWN : known.tag === 'revoked';
}

/** Why tokens of a device are refused, if they are. */
export type Gone = 'DeviceRevoked' | 'PersonErased';

export function goneAs(account: Account, device: string): Gone | undefined {
  if (account.erasedAt !== undefined) return 'PersonErased';
  return isRevoked(account, device) ? 'DeviceRevoked' : undefined;
}

/** What an account takes in memory, about, in bytes. */
export function weightOf({ devices, deeds }: Account): number {
  let weight = 500 + deeds.length * 200;
  for (const device of devices.values()) weight += 300 + (device.tag === 'live' ? device.keys.length : 0);
  return weight;
}
