import type { NatsConnection } from '@nats-io/transport-node';
import { sealEvent } from '@parley/command-api/commands/seal-event';
import type { Envelope } from '@parley/domain/log/envelope';
import { openPlain } from '@parley/domain/sealing/opened';
import { TEST_MASTER_KEY } from '@parley/infra/testing/master-key';
import { openVault } from '@parley/infra/vault/open-vault';
import type { Vault } from '@parley/infra/vault/vault';
import * as E from 'fp-ts/lib/Either.js';

/** The vault of a system that runs, or of one that will. */
export const openBenchVault = (nats: NatsConnection): Promise<Vault> =>
  openVault({ nats, masterKeys: [TEST_MASTER_KEY] });

/** What opens bodies that never were sealed, without a vault. */
export const opensPlain: Pick<Vault, 'open'> = {
  open: async (closed) => closed.map(({ opaque }) => openPlain(opaque) ?? { tag: 'gone' }),
};

/** Events as command-api would have sealed them. */
export async function sealedPast(vault: Vault, events: readonly Envelope[]): Promise<readonly Envelope[]> {
  const sealed: Envelope[] = [];
  for (const event of events) {
    const one = await sealEvent(vault, event);
    if (E.isLeft(one)) throw new Error(`not sealed: ${JSON.stringify(one.left)}`);
    sealed.push(one.right);
  }
  return sealed;
}
