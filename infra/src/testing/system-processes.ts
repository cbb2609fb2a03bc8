import { randomBytes } from 'node:crypto';
import { freePort } from '../embedded/free-port.js';
import { migrate } from '../read-model/migrate.js';
import { signToken } from '../runtime/tokens.js';
import { TEST_MASTER_KEYS } from './master-key.js';
import { type ServiceName, type ServiceProcess, startService } from './service-process.js';

/** Servers to run on. */
export type Servers = { readonly natsUrl: string; readonly databaseUrl: string; readonly redisUrl: string };

export type SystemProcesses = {
  /** Address of the gateway's socket, and of command-api. */
  readonly ws: string;
  readonly api: string;
  readonly services: ReadonlyMap<ServiceName, readonly ServiceProcess[]>;
  /** A token good for a day, or for so many seconds: below 0 it has expired. */
  token(user: string, scope?: string, expiresIn?: number | string, device?: string): Promise<string>;
  /** Starts one more of a service; of `sfu` there is none before. */
  add(name: ServiceName, env?: Readonly<Record<string, string>>): Promise<ServiceProcess>;
  /** Ends the newest of a service with SIGKILL and starts another in its place, on the same port. */
  killAndRestart(name: ServiceName): Promise<ServiceProcess>;
  stop(): Promise<void>;
};

/** Whoever is started again finds its port as it was: nobody else is given one of these. */
const portOf = async (name: ServiceName): Promise<Readonly<Record<string, string>>> =>
  name === 'projector' ? {} : { PARLEY_HTTP_PORT: String(await freePort()) };

/** Partitions, as on a laptop. */
export const SYSTEM_PARTITIONS = 4;

/**
 * Migrates and starts the services on these servers, each in a process of its own, as `npm start` does. Two systems whose
 * rows are to agree need the same ban key, because hashes made with it are in them.
 */
export async function startSystem(
  { natsUrl, databaseUrl, redisUrl }: Servers,
  without: readonly ServiceName[] = [],
  banKey: Uint8Array = randomBytes(32),
  settings: Readonly<Record<string, string>> = {},
): Promise<SystemProcesses> {
  await migrate(databaseUrl);
  const secret = randomBytes(32);
  const common = {
    NATS_URL: natsUrl,
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    PARLEY_PARTITIONS: String(SYSTEM_PARTITIONS),
    PARLEY_TOKEN_SECRET: secret.toString('base64url'),
    PARLEY_BAN_KEY: Buffer.from(banKey).toString('base64url'),
    PARLEY_MASTER_KEYS: TEST_MASTER_KEYS,
    PARLEY_LOG_LEVEL: process.env.PARLEY_LOG_LEVEL ?? 'silent',
    ...settings,
  };
  const services = new Map<ServiceName, ServiceProcess[]>();

  async function add(name: ServiceName, env: Readonly<Record<string, string>> = {}): Promise<ServiceProcess> {
    const service = await startService(name, { ...common, ...env });
    services.set(name, [...(services.get(name) ?? []), service]);
    return service;
  }

  const all: readonly ServiceName[] = ['command-api', 'projector', 'gateway'];
  const wanted = all.filter((name) => !without.includes(name));
  // In this order, which is not that in which they are ready: the last is stopped first.
  for (const name of wanted) services.set(name, []);
  await Promise.all(wanted.map(async (name) => add(name, await portOf(name))));
  const address = (name: ServiceName, key: string): string => services.get(name)?.[0]?.info[key] as string;
  const [ws, api] = [address('gateway', 'ws'), address('command-api', 'url')];

  return {
    ws,
    api,
    services,
    add,
    token: (user, scope, expiresIn = '1d', device = 'd1') =>
      signToken(secret, { sub: user, did: device, expiresIn, ...(scope === undefined ? {} : { scope }) }),
    async killAndRestart(name) {
      const running = services.get(name) ?? [];
      await running.at(-1)?.end('SIGKILL');
      services.set(name, running.slice(0, -1));
      const port = new URL((name === 'gateway' ? ws : api).replace(/^ws/, 'http')).port;
      return add(name, name === 'gateway' || name === 'command-api' ? { PARLEY_HTTP_PORT: port } : {});
    },
    async stop() {
      for (const running of [...services.values()].reverse())
        await Promise.all(running.map((service) => service.end()));
    },
  };
}
