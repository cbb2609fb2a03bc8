import { configOf, readConfig } from '@parley/infra/runtime/config';
import type * as t from 'io-ts';

const GatewayConfig = configOf(
  'NATS_URL',
  'REDIS_URL',
  'PARLEY_PARTITIONS',
  'PARLEY_REPLICAS',
  'PARLEY_TOKEN_SECRET',
  'PARLEY_JWKS_URL',
  'PARLEY_MASTER_KEYS',
  'PARLEY_LOG_LEVEL',
  'PARLEY_HTTP_HOST',
  'PARLEY_HTTP_PORT',
  'PARLEY_LOCAL_SIGN_IN',
  'PARLEY_LIMIT_COMMANDS',
  'PARLEY_LIMIT_QUERIES',
  'PARLEY_LIMIT_SIGNALS',
  'PARLEY_LIMIT_OPENS',
  'PARLEY_TRUSTED_PROXIES',
  'PARLEY_VOICE_SECRET',
  'PARLEY_VOICE_REGION',
  'PARLEY_VOICE_CANDIDATES',
  'PARLEY_STUN_URLS',
  'PARLEY_TURN_URLS',
  'PARLEY_TURN_SECRET',
  'PARLEY_CACHE',
);

export type GatewayConfig = t.TypeOf<typeof GatewayConfig>;

export const readGatewayConfig = (): GatewayConfig => readConfig(GatewayConfig);
