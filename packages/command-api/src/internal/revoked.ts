import { type Gone, goneAs } from '@parley/domain/account/state';
import type { Accounts } from '../devices/accounts.js';

/**
 * Of each device why it is refused, or false, by the log as it is now: a gateway lets a device in by it, or closes its sockets.
 */
export async function areRevoked(
  accounts: Accounts,
  devices: readonly { readonly user: string; readonly device: string }[],
): Promise<readonly (Gone | false)[]> {
  const users = [...new Set(devices.map(({ user }) => user))];
  const known = await Promise.all(accounts.freshEach(users));
  const accountOf = new Map(users.map((user, index) => [user, known[index]]));
  return devices.map(({ user, device }) => {
    const account = accountOf.get(user);
    return (account && goneAs(account.state, device)) ?? false;
  });
}
