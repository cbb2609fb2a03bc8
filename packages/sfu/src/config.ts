import { configOf } from '@parley/infra/runtime/config';
import type * as t from 'io-ts';

export const SfuConfig = configOf(
  'NATS_URL',
  'REDIS_URL',
  'PARLEY_PARTITIONS',
  'PARLEY_TOKEN_SECRET',
  'PARLEY_VOICE_SECRET',
  'PARLEY_VOICE_REGION',
  'PARLEY_VOICE_LISTEN',
  'PARLEY_VOICE_ADDRESS',
  'PARLEY_VOICE_PORT_MIN',
  'PARLEY_VOICE_PORT_MAX',
  'PARLEY_VOICE_WORKERS',
  'PARLEY_VOICE_COMFORTABLE',
  'PARLEY_VOICE_DRAIN',
  'PARLEY_LOG_LEVEL',
  'PARLEY_HTTP_HOST',
  'PARLEY_HTTP_PORT',
  'PARLEY_MEDIASOUP_WORKER',
  'PARLEY_FFMPEG',
  'PARLEY_CACHE',
);

export type SfuConfig = t.TypeOf<typeof SfuConfig>;
