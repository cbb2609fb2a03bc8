import { configOf, readConfig } from '@parley/infra/runtime/config';
import type * as t from 'io-ts';

const ApiConfig = configOf(
  'NATS_URL',
  'DATABASE_URL',
  'REDIS_URL',
  'PARLEY_PARTITIONS',
  'PARLEY_REPLICAS',
  'PARLEY_TOKEN_SECRET',
  'PARLEY_JWKS_URL',
  'PARLEY_BAN_KEY',
  'PARLEY_MASTER_KEYS',
  'PARLEY_LEGAL_HOLD',
  'PARLEY_PROOF_OF_DELIVERY',
  'PARLEY_LOG_LEVEL',
  'PARLEY_HTTP_HOST',
  'PARLEY_HTTP_PORT',
  'PARLEY_LIMIT_COMMANDS',
  'PARLEY_LIMIT_QUERIES',
  'PARLEY_LIMIT_SIGNALS',
  'VOICE_P2P_MAX',
);

export type ApiConfig = t.TypeOf<typeof ApiConfig>;

export const readApiConfig = (): ApiConfig => readConfig(ApiConfig);
