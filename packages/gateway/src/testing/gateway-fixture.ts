import { ensureTopology } from '@parley/infra/log/topology';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { createLog } from '@parley/infra/runtime/log';
import { openLogClock } from '@parley/infra/runtime/log-clock';
import { signToken } from '@parley/infra/runtime/tokens';
import { connectClient, type ForeignClient } from '@parley/infra/testing/foreign-client';
import { TEST_MASTER_KEY, TEST_MASTER_KEYS } from '@parley/infra/testing/master-key';
import { redisUrlBeside, testEnvironment } from '@parley/infra/testing/test-environment';
import type { GatewayConfig } from '../config.js';
import { startGateway } from '../start.js';
import { openSmallApi, PARTITIONS } from './small-api.js';

export const SECRET = new Uint8Array(32).fill(7);

/** A real gateway on a real broker, with a small command-api at the other end of rpc. */
export async function openGatewayFixture() {
  const environment = await testEnvironment();
  const nats = await connectNats(environment.natsUrl, 'test');
  await ensureTopology(nats, { partitions: PARTITIONS, replicas: 1 });
  const api = openSmallApi(nats);
  const gateway = await openGateway(environment.natsUrl);
  const clients: ForeignClient[] = [];

  const connect = async (url: string = gateway.ws, localAddress?: string): Promise<ForeignClient> => {
    const client = await connectClient(url, ['parley.v1'], localAddress);
    clients.push(client);
    return client;
  };

  return {
    nats,
    natsUrl: environment.natsUrl,
    api,
    gateway,
    connect,
    /** A client with an open session. */
    async open(user: string, resume?: Record<string, number>, url?: string): Promise<ForeignClient> {
      const client = await connect(url);
      const token = await tokenOf(user);
      const answer = await client.request('session.open', {
        token,
        device: 'd',
        ...(resume === undefined ? {} : { resume }),
      });
      if (answer.result === undefined) throw new Error(JSON.stringify(answer.error));
      return client;
    },
    async close(): Promise<void> {
      for (const client of clients) client.end();
      await gateway.stop();
      await api.close();
      await nats.close();
      await environment.dispose();
    },
  };
}

export type GatewayFixture = Awaited<ReturnType<typeof openGatewayFixture>>;

/** One gateway; several may share a broker. Its time is `shift` ms ahead. */
export async function openGateway(
  natsUrl: string,
  settings: Partial<GatewayConfig> = {},
  shift: () => number = () => 0,
) {
  const started = await startGateway(
    {
      NATS_URL: natsUrl,
      REDIS_URL: redisUrlBeside(natsUrl),
      PARLEY_PARTITIONS: PARTITIONS,
      PARLEY_REPLICAS: 1,
      PARLEY_TOKEN_SECRET: SECRET,
      PARLEY_JWKS_URL: undefined,
      PARLEY_MASTER_KEYS: [TEST_MASTER_KEY],
      PARLEY_LOG_LEVEL: 'silent',
      PARLEY_HTTP_HOST: '127.0.0.1',
      PARLEY_HTTP_PORT: 0,
      PARLEY_LOCAL_SIGN_IN: 'on',
      PARLEY_LIMIT_COMMANDS: 0,
      PARLEY_LIMIT_QUERIES: 0,
      PARLEY_LIMIT_SIGNALS: 0,
      PARLEY_LIMIT_OPENS: 0,
      PARLEY_TRUSTED_PROXIES: [],
      PARLEY_VOICE_SECRET: undefined,
      PARLEY_VOICE_REGION: 'local',
      PARLEY_VOICE_CANDIDATES: 'all',
      PARLEY_STUN_URLS: [],
      PARLEY_TURN_URLS: [],
      PARLEY_TURN_SECRET: undefined,
      PARLEY_CACHE: undefined,
      ...settings,
    },
    createLog('gateway', process.env.GATEWAY_TEST_LOG ?? 'silent'),
    async (options) => {
      const clock = await openLogClock(options);
      return { ...clock, now: () => clock.now() + shift() };
    },
  );
  const { ws, url } = started.info as { ws: string; url: string };
  return {
    ws,
    url,
    stop: async () => {
      for (const resource of started.resources.toReversed()) await resource.dispose();
    },
  };
}

/** The environment of a gateway in a process of its own, beside those of the fixture. */
export const gatewayEnvironment = (natsUrl: string): Readonly<Record<string, string>> => ({
  NATS_URL: natsUrl,
  REDIS_URL: redisUrlBeside(natsUrl),
  PARLEY_PARTITIONS: String(PARTITIONS),
  PARLEY_TOKEN_SECRET: Buffer.from(SECRET).toString('base64url'),
  PARLEY_MASTER_KEYS: TEST_MASTER_KEYS,
  PARLEY_LOG_LEVEL: process.env.GATEWAY_TEST_LOG ?? 'silent',
});

export const tokenOf = (
  user: string,
  expiresIn: number | string = '1h',
  did = 'laptop',
  scope?: string,
): Promise<string> =>
  signToken(SECRET, { sub: user, did, expiresIn, ...(scope === undefined ? {} : { scope }) });

export const forgedToken = (user: string): Promise<string> =>
  signToken(new Uint8Array(32).fill(8), { sub: user, did: 'laptop', expiresIn: '1h' });
