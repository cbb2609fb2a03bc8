import { configOf } from '@parley/infra/runtime/config';
import type { TypeOf } from 'io-ts';

/** What a projector reads from its environment. */
export const ProjectorConfig = configOf(
  'NATS_URL',
  'DATABASE_URL',
  'REDIS_URL',
  'PARLEY_PARTITIONS',
  'PARLEY_REPLICAS',
  'PARLEY_PROOF_OF_DELIVERY',
  'PARLEY_MASTER_KEYS',
  'PARLEY_LOG_LEVEL',
  'PARLEY_HTTP_HOST',
  'PARLEY_HTTP_PORT',
);
export type ProjectorConfig = TypeOf<typeof ProjectorConfig>;
