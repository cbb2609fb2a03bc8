import type { ServedOptions } from '@parley/infra/read-model/served-version';
import type { Started } from '@parley/infra/runtime/lifecycle';
import { createLog } from '@parley/infra/runtime/log';
import { openLogClock } from '@parley/infra/runtime/log-clock';
import { TEST_MASTER_KEY } from '@parley/infra/testing/master-key';
import type { TestEnvironment } from '@parley/infra/testing/test-environment';
import { startApi } from '../start.js';

/** Key of the tokens it takes. */
export const TOKEN_SECRET = Buffer.alloc(32, 3);

export type RunningApi = { readonly url: string; stop(): Promise<void> };

/**
 * command-api on servers of a test, at a port of its own; limits nothing but signals. Its time is `shift` ms ahead, and it reads rows of the
 * models it `knows`.
 */
export async function startTestApi(
  environment: Pick<TestEnvironment, 'natsUrl' | 'databaseUrl' | 'redisUrl'>,
  shift: () => number = () => 0,
  knows?: ServedOptions['knows'],
): Promise<RunningApi> {
  const { info, resources }: Started = await startApi(
    {
      NATS_URL: environment.natsUrl,
      DATABASE_URL: environment.databaseUrl,
      REDIS_URL: environment.redisUrl,
      PARLEY_PARTITIONS: 4,
      PARLEY_REPLICAS: 1,
      VOICE_P2P_MAX: 4,
      PARLEY_TOKEN_SECRET: TOKEN_SECRET,
      PARLEY_JWKS_URL: undefined,
      PARLEY_BAN_KEY: Buffer.alloc(32, 5),
      PARLEY_LEGAL_HOLD: 'on',
      PARLEY_PROOF_OF_DELIVERY: 604_800,
      PARLEY_MASTER_KEYS: [TEST_MASTER_KEY],
      PARLEY_LOG_LEVEL: 'silent',
      PARLEY_HTTP_HOST: '127.0.0.1',
      PARLEY_HTTP_PORT: 0,
      PARLEY_LIMIT_COMMANDS: 0,
      PARLEY_LIMIT_QUERIES: 0,
      PARLEY_LIMIT_SIGNALS: 30,
    },
    createLog('command-api', 'silent'),
    async (options) => {
      const clock = await openLogClock(options);
      return { ...clock, now: () => clock.now() + shift() };
    },
    knows,
  );
  return {
    url: info?.url as string,
    async stop() {
      for (const resource of resources.toReversed()) await resource.dispose();
    },
  };
}
