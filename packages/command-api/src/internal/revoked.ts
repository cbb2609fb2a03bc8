import { isRevoked } from '@parley/domain/account/state';
import { openLimiter } from '@parley/infra/runtime/limiter';
import type { Accounts } from '../devices/accounts.js';

export type DeviceOfUser = readonly [user: string, device: string];

/** Accounts looked up at once for one question. */
const AT_ONCE = 64;

/** Which of these devices are revoked, verified fresh: a gateway that missed their revocation closes their sockets by it. */
export async function revokedOf(
  accounts: Accounts,
  devices: readonly DeviceOfUser[],
): Promise<readonly DeviceOfUser[]> {
  const { run } = openLimiter(AT_ONCE);
  const byUser = Map.groupBy(devices, ([user]) => user);
  const found = await Promise.all(
    [...byUser].map(([user, theirs]) =>
      run(async () => {
        const { state } = await accounts.fresh(user);
        return theirs.filter(([, device]) => isRevoked(state, device));
      }),
    ),
  );
  return found.flat();
}
