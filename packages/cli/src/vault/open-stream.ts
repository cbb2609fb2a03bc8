import { JetStreamApiError } from '@nats-io/jetstream';
import { openVaultStream, type VaultStream } from '@parley/infra/vault/vault-stream';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import { openLog } from '../terminal/log-access.js';

/** Which broker has the vault. */
export type VaultFlags = { readonly nats?: string; readonly json?: true };

/**
 * Runs something on the vault of a broker.
 *
 * @throws CliError when no broker answers, or it has no vault
 */
export async function withVault<A>(
  { nats }: VaultFlags,
  run: (vault: VaultStream) => Promise<A>,
): Promise<A> {
  const log = await openLog(nats);
  try {
    const vault = openVaultStream(log.nats, log.jsm);
    await vault.superseded().catch((error: unknown) => {
      if (!(error instanceof JetStreamApiError)) throw error;
      throw new CliError('the log has no vault yet: nothing was sealed', exitCodes.noInput);
    });
    return await run(vault);
  } finally {
    await log.close();
  }
}
