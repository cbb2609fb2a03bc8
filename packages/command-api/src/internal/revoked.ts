import { isRevoked } from '@parley/domain/account/state';
import { openLimiter } from '@parley/infra/runtime/limiter';
import type { Accounts } from '../devices/accounts.js';

/** Accounts looked up at once for one question. */
const AT_ONCE = 64;

/** Of each device whether it is revoked, by the log as it is now: a gateway lets a device in by it, or closes its sockets. */
export async function areRevoked(
  accounts: Accounts,
  devices: readonly { readonly user: string; readonly device: string }[],
): Promise<readonly boolean[]> {
  const { run } = openLimiter(AT_ONCE);
  const users = [...new Set(devices.map(({ user }) => user))];
  const known = new Map(
    await Promise.all(users.map((user) => run(async () => [user, await accounts.fresh(user)] as const))),
  );
  return devices.map(({ user, device }) => {
    const account = known.get(user);
    return account !== undefined && isRevoked(account.state, device);
  });
}
