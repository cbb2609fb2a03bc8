import { randomUUID } from 'node:crypto';
import { startTestApi, TOKEN_SECRET } from '@parley/command-api/testing/running-api';
import { type MethodName, methods } from '@parley/domain/wire/methods';
import { openGateway } from '@parley/gateway/testing/gateway-fixture';
import { migrate } from '@parley/infra/read-model/migrate';
import { decodePage, pageKey } from '@parley/infra/read-model/newest-page';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { createLog } from '@parley/infra/runtime/log';
import { openLogClock } from '@parley/infra/runtime/log-clock';
import { signToken } from '@parley/infra/runtime/tokens';
import { connectClient, type ForeignClient } from '@parley/infra/testing/foreign-client';
import { TEST_MASTER_KEY } from '@parley/infra/testing/master-key';
import { testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { startProjector } from '@parley/projector/start';
import { Redis } from 'ioredis';
import pg from 'pg';

/** Partitions of the fixtures that this is made of. */
export const PARTITIONS = 4;

/** What is answered: the status, and the body as text, so that nothing in it can be overlooked. */
export type Answered = { readonly status: number; readonly text: string };

/**
 * A whole system on real servers in this process. Its clock, `ahead` ms of the real one, moves command-api and gateway, not the
 * projector: so what is over for readers is not for the scheduler, as if it were stopped. Gateway and projector can be ahead alone.
 */
export async function openMovedClockStack() {
  const environment = await testEnvironment();
  await migrate(environment.databaseUrl);
  const clock = { ahead: 0, gatewayAhead: 0, projectorAhead: 0 };
  const projector = await startProjector(
    {
      NATS_URL: environment.natsUrl,
      DATABASE_URL: environment.databaseUrl,
      REDIS_URL: environment.redisUrl,
      PARLEY_PARTITIONS: PARTITIONS,
      PARLEY_REPLICAS: 1,
      PARLEY_PROOF_OF_DELIVERY: 604_800,
      PARLEY_MASTER_KEYS: [TEST_MASTER_KEY],
      PARLEY_LOG_LEVEL: 'silent',
      PARLEY_HTTP_HOST: '127.0.0.1',
      PARLEY_HTTP_PORT: 0,
    },
    createLog('projector', 'silent'),
    async (options) => {
      const own = await openLogClock(options);
      return { ...own, now: () => own.now() + clock.projectorAhead };
    },
  );
  const openApi = () => startTestApi(environment, () => clock.ahead);
  const apis = [await openApi()];
  const gateway = await openGateway(
    environment.natsUrl,
    { PARLEY_TOKEN_SECRET: TOKEN_SECRET },
    () => clock.ahead + clock.gatewayAhead,
  );
  const database = new pg.Pool({ connectionString: environment.databaseUrl, max: 2 });
  database.on('connect', (connection) => connection.on('error', () => undefined));
  const redis = new Redis(environment.redisUrl);
  const nats = await connectNats(environment.natsUrl, 'test');
  const clients: ForeignClient[] = [];

  const token = (user: string, scope?: string) =>
    signToken(TOKEN_SECRET, {
      sub: user,
      did: `${user}-phone`,
      expiresIn: '1d',
      ...(scope === undefined ? {} : { scope }),
    });

  /** Asks by HTTP, at the place that the table of methods gives. */
  async function ask(
    method: MethodName,
    params: object,
    user = 'ann',
    { url = apis[0]?.url as string, scope }: { readonly url?: string; readonly scope?: string } = {},
  ): Promise<Answered> {
    const row = methods[method];
    if (!('http' in row)) throw new Error(`${method} is not in HTTP`);
    const left = new Map(Object.entries(params));
    const path = row.http.path.replace(/:(\w+)/g, (_, key: string) => {
      const value = left.get(key);
      left.delete(key);
      return encodeURIComponent(String(value));
    });
    const rest = Object.fromEntries(left);
    const isRead = row.http.verb === 'GET';
    const query = isRead ? `?${new URLSearchParams(rest as Record<string, string>)}` : '';
    const response = await fetch(url + path + query, {
      method: row.http.verb,
      headers: {
        authorization: `Bearer ${await token(user, scope)}`,
        ...(isRead ? {} : { 'content-type': 'application/json' }),
      },
      ...(isRead ? {} : { body: JSON.stringify(rest) }),
    });
    return { status: response.status, text: await response.text() };
  }

  return {
    environment,
    clock,
    database,
    redis,
    nats,
    ask,
    /** A command that must succeed; the seq of its event. */
    async done(method: MethodName, params: object, user = 'ann', scope?: string): Promise<number> {
      const answer = await ask(
        method,
        { commandId: randomUUID(), ...params },
        user,
        scope === undefined ? {} : { scope },
      );
      if (answer.status !== 200) throw new Error(`${method}: ${answer.text}`);
      return (JSON.parse(answer.text) as { seq: number }).seq;
    },
    /** One more command-api, which remembers nothing yet; its URL. */
    async another(): Promise<string> {
      const api = await openApi();
      apis.push(api);
      return api.url;
    },
    /** A client that has asked to open a session. */
    async open(user: string, resume?: Readonly<Record<string, number>>): Promise<ForeignClient> {
      const client = await connectClient(gateway.ws);
      clients.push(client);
      const answer = await client.request('session.open', {
        token: await token(user),
        device: 'd',
        ...(resume === undefined ? {} : { resume }),
      });
      if (answer.result === undefined) throw new Error(JSON.stringify(answer.error));
      return client;
    },
    /** Waits until rows and cached page are at this event, or further. */
    async projected(conversationId: string, seq: number): Promise<void> {
      const at = async () => {
        const page = decodePage((await redis.get(pageKey('rm_1', conversationId))) ?? '');
        return page !== undefined && page.revision >= seq;
      };
      await waitFor(at, { timeout: 30_000, what: `the page of ${conversationId} at ${seq}` });
    },
    /** Runs what is given while Postgres has none of the tables: for whoever reads it is then away. */
    async withoutPostgres<A>(run: () => Promise<A>): Promise<A> {
      await database.query('alter schema rm_1 rename to rm_away');
      try {
        return await run();
      } finally {
        await database.query('alter schema rm_away rename to rm_1');
      }
    },
    async close(): Promise<void> {
      for (const client of clients) client.end();
      await gateway.stop();
      for (const api of apis) await api.stop();
      for (const resource of projector.resources.toReversed()) await resource.dispose();
      await nats.close();
      redis.disconnect();
      await database.end();
      await environment.dispose();
    },
  };
}

export type MovedClockStack = Awaited<ReturnType<typeof openMovedClockStack>>;
