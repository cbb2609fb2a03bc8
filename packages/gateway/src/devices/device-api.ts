import type { Gone } from '@parley/domain/account/state';
import { type Ask, type Asked, batch } from '@parley/infra/rpc/questions';
import { openGather } from '@parley/infra/runtime/gather';
import * as t from 'io-ts';

export type DeviceApi = {
  /** Why a user's device is refused, or false, never older than the moment of asking. */
  goneAs(user: string, device: string): Promise<Asked<Gone | false>>;
};

const GoneOrNot = t.union([t.literal(false), t.literal('DeviceRevoked'), t.literal('PersonErased')]);

type Question = { readonly user: string; readonly device: string };

/** Devices of one question, and questions under way at once. */
const MOST_DEVICES = 500;
const AT_ONCE = 4;

/** Asks command-api about devices; what is asked in one tick, or while earlier questions are under way, goes together. */
export function openDeviceApi(ask: Ask): DeviceApi {
  const gather = openGather({
    ask: batch(ask, 'internal.revoked', GoneOrNot, ({ user }: Question) => ({ user })),
    most: MOST_DEVICES,
    atOnce: AT_ONCE,
  });
  return { goneAs: (user, device) => gather.ask({ user, device }) };
}
