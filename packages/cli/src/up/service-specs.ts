import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Stack } from '@parley/infra/embedded/stack';
import type { VariableName } from '@parley/infra/runtime/variables';
import type { ServiceSpec } from './service-process.js';

export type ServiceName = 'command-api' | 'projector' | 'gateway' | 'sfu';

export type ServiceSettings = {
  readonly home: string;
  readonly stack: Pick<Stack, 'nats' | 'database' | 'redis'>;
  readonly partitions: number;
  readonly tokenSecret: string;
  readonly banKey: string;
  readonly masterKeys: string;
  readonly env: NodeJS.ProcessEnv;
};

/** How a service of this stack is started. Port 0 lets the system choose. */
export function serviceSpec(name: ServiceName, port: number, settings: ServiceSettings): ServiceSpec {
  const { home, stack, partitions, tokenSecret, banKey, masterKeys, env } = settings;
  return {
    name,
    script: fileURLToPath(new URL(`../../../${name}/dist/main.js`, import.meta.url)),
    log: join(home, 'logs', `${name}.log`),
    env: {
      ...inherited(env),
      NATS_URL: stack.nats,
      DATABASE_URL: stack.database,
      REDIS_URL: stack.redis,
      PARLEY_PARTITIONS: String(partitions),
      PARLEY_TOKEN_SECRET: tokenSecret,
      PARLEY_BAN_KEY: banKey,
      PARLEY_MASTER_KEYS: masterKeys,
      PARLEY_HTTP_PORT: String(port),
      // By a name alone, from this machine: unless somebody says no.
      PARLEY_LOCAL_SIGN_IN: env.PARLEY_LOCAL_SIGN_IN || 'on',
      // There is no other node to which calls could be moved when this one stops.
      PARLEY_VOICE_DRAIN: env.PARLEY_VOICE_DRAIN || '1',
    },
  };
}

/** Whom the CLI talks to is none of the services' business. */
const OURS: readonly string[] = ['PARLEY_URL', 'PARLEY_TOKEN'] satisfies readonly VariableName[];

function inherited(env: NodeJS.ProcessEnv): Record<string, string> {
  const kept = Object.entries(env).filter(([name, value]) => value !== undefined && !OURS.includes(name));
  return Object.fromEntries(kept) as Record<string, string>;
}
