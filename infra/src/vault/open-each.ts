import type { Closed } from '@parley/domain/sealing/closed';
import type { Opened } from '@parley/domain/sealing/opened';
import type { Vault } from './vault.js';

/** Opens the bodies of what may have none, in order, with one question for all the secrets they need. */
export async function openEach(
  vault: Pick<Vault, 'open'>,
  bodies: readonly (Closed | undefined)[],
): Promise<readonly (Opened | undefined)[]> {
  const opened = (await vault.open(bodies.filter((body) => body !== undefined))).values();
  return bodies.map((body) => (body === undefined ? undefined : opened.next().value));
}
