import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type { Account, Device } from '@parley/domain/account/state';
import type { Refusal } from '@parley/domain/conversation/refusals';
import type { Devices } from '@parley/domain/wire/devices';
import * as E from 'fp-ts/lib/Either.js';
import { ACCOUNTS } from '../injection.js';
import type { Accounts } from './accounts.js';

/** Revoked devices that are listed: the newest ones. */
const MAX_REVOKED_LISTED = 100;

/** The devices of a user, as the log has them now: those that are good, then those that were revoked last. */
export class DeviceList extends Query<E.Either<Refusal, Devices>> {
  constructor(
    readonly user: string,
    /** The device that asks. */
    readonly device: string,
  ) {
    super();
  }
}

@QueryHandler(DeviceList)
export class DeviceListHandler implements IQueryHandler<DeviceList> {
  constructor(@Inject(ACCOUNTS) private readonly accounts: Accounts) {}

  async execute({ user, device }: DeviceList): Promise<E.Either<Refusal, Devices>> {
    const { state } = await this.accounts.fresh(user);
    return E.right({ devices: listed(state).map(([id, known]) => viewOf(id, known, id === device)) });
  }
}

function listed({ devices }: Account): readonly (readonly [string, Device])[] {
  const all = [...devices];
  const revoked = all
    .flatMap(([id, device]) => (device.tag === 'revoked' ? [[id, device] as const] : []))
    .sort(([, one], [, other]) => other.revokedAt - one.revokedAt);
  return [...all.filter(([, { tag }]) => tag === 'live'), ...revoked.slice(0, MAX_REVOKED_LISTED)];
}

function viewOf(id: string, device: Device, isMine: boolean): Devices['devices'][number] {
  const { name, registeredAt } = device;
  return {
    device: id,
    isMine,
    ...(registeredAt === undefined ? {} : { registeredAt }),
    ...(name === undefined ? {} : { name }),
    ...(device.tag === 'live' ? { keys: device.keys } : { revokedAt: device.revokedAt }),
  };
}
