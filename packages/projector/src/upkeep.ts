import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectPostgres } from '@parley/infra/runtime/connect-postgres';
import type { Log } from '@parley/infra/runtime/log';
import { masterKeysOf } from '@parley/infra/vault/master-keys';
import { useMasterKeys } from '@parley/infra/vault/use-master-keys';
import { openVaultStream } from '@parley/infra/vault/vault-stream';
import type { Registry } from 'prom-client';
import type { Work } from './beside.js';
import type { ProjectorConfig } from './config.js';
import type { ProjectorMetrics } from './metrics.js';
import { sweepMoves } from './receipts/sweep-moves.js';
import { destroyDue } from './vault/destroy-due.js';
import { vaultMetrics } from './vault/metrics.js';

export type UpkeepOptions = {
  readonly config: ProjectorConfig;
  readonly name: string;
  readonly nats: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly registry: Registry;
  readonly metrics: ProjectorMetrics;
  /** The log's time in ms. */
  readonly now: () => number;
  readonly log: Log;
};

/** What one projector at a time does for all partitions. */
export type Upkeep = {
  /** Destroys buckets on time, by what the rows of a build say is held. */
  destroyDue(schema: string): Work;
  /** Forgets moves of watermarks that tell of nothing any more, in the log and in the rows of a build. */
  sweepMoves(schema: string): Work;
  close(): Promise<void>;
};

/**
 * Gets ready to destroy buckets on time and to forget moves of watermarks, on connections of its own.
 *
 * @throws WrongMasterKeys when the vault is in use with a master key that this process does not have: it must not start.
 */
export async function openUpkeep(options: UpkeepOptions): Promise<Upkeep> {
  const { config, name, nats, js, jsm, registry, now, log } = options;
  const masterKeys = masterKeysOf(config.PARLEY_MASTER_KEYS);
  const vaultStream = openVaultStream(nats, jsm);
  await useMasterKeys(vaultStream, masterKeys);
  const database = connectPostgres(config.DATABASE_URL, {
    name: `upkeep-of-${name}`,
    log,
    max: 2,
    statementTimeoutMs: 60_000,
    readsByKey: true,
  });
  const common = { jsm, database, partitions: config.PARLEY_PARTITIONS, now, log };
  const vault = { vault: vaultStream, masterKeys, metrics: vaultMetrics(registry) };
  const proofOfDelivery = config.PARLEY_PROOF_OF_DELIVERY * 1_000;
  const receipts = { js, proofOfDelivery, onForgotten: options.metrics.forgot };
  return {
    destroyDue: (schema) => (signal) => destroyDue({ ...common, ...vault, schema, nats }, signal),
    sweepMoves: (schema) => (signal) => sweepMoves({ ...common, ...receipts, schema }, signal),
    close: () => database.end(),
  };
}
