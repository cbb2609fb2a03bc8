import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { CommandId, DeviceId, Instant, Seq } from '../ids.js';
import { shape, variants } from '../shape.js';
import { boundedInteger } from '../text.js';
import { DeviceName, Keys } from '../wire/devices.js';
import { type AccountEventType, accountEventCodecs } from './events.js';
import type { Account, Device } from './state.js';

/** Format of a snapshot. Raise it with every change to the state, to what `evolveAccount` makes of an event, or to this file. */
export const ACCOUNT_SNAPSHOT_VERSION = 2;

const EventName = t.keyof(accountEventCodecs as Record<AccountEventType, unknown>, 'event');

const named = { name: DeviceName };

const KnownDevice = variants(
  'tag',
  {
    live: shape({ tag: t.literal('live'), device: DeviceId, registeredAt: Instant, keys: Keys }, named),
    revoked: shape(
      { tag: t.literal('revoked'), device: DeviceId, revokedAt: Instant },
      { registeredAt: Instant, ...named },
    ),
  },
  'a device',
);

const Snapshot = shape(
  {
    version: t.literal(ACCOUNT_SNAPSHOT_VERSION),
    revision: boundedInteger('revision', 0, Number.MAX_SAFE_INTEGER),
    devices: t.readonlyArray(KnownDevice),
    deeds: t.readonlyArray(
      shape({ commandId: CommandId, type: EventName, seq: Seq, at: Instant }, { device: DeviceId }),
    ),
  },
  { erasedAt: Instant },
);

/** An account as JSON; the order of its devices is kept. */
export const accountSnapshot = ({ revision, erasedAt, devices, deeds }: Account): unknown => ({
  version: ACCOUNT_SNAPSHOT_VERSION,
  revision,
  ...(erasedAt === undefined ? {} : { erasedAt }),
  devices: [...devices].map(([device, known]) => ({ device, ...known })),
  deeds,
});

/** The account a snapshot holds, or undefined where it is of another version or damaged: then the events are folded. */
export function accountOfSnapshot(json: unknown): Account | undefined {
  const decoded = Snapshot.decode(json);
  if (E.isLeft(decoded)) return undefined;
  const { revision, erasedAt, devices, deeds } = decoded.right;
  return {
    revision,
    erasedAt,
    devices: new Map(devices.map((row) => [row.device, deviceOf(row)])),
    deeds: deeds.map((deed) => ({ ...deed, device: deed.device })),
  };
}

function deviceOf(row: t.TypeOf<typeof KnownDevice>): Device {
  const { name, registeredAt } = row;
  return row.tag === 'live'
    ? { tag: 'live', registeredAt: row.registeredAt, keys: row.keys, name }
    : { tag: 'revoked', registeredAt, revokedAt: row.revokedAt, name };
}
