import { join } from 'node:path';
import { clusterMajor } from './cluster-major.js';
import type { ContainerPlan } from './container.js';
import type { StackMemory } from './home.js';
import type { LeashedProgram } from './leash.js';
import { natsSource } from './nats-source.js';
import { placePostgres } from './postgres-place.js';
import { postgresSource } from './postgres-source.js';
import { redisSource } from './redis-source.js';
import { greetNats, natsContainer, natsProgram, natsUrl } from './run-nats.js';
import { greetPostgres, postgresContainer, postgresProgram, postgresUrl } from './run-postgres.js';
import { greetRedis, redisContainer, redisProgram, redisUrl } from './run-redis.js';
import type { Report, ServerBinary, ServerSource } from './server-source.js';
import type { Version } from './version.js';

export type Address = { readonly host: string; readonly port: number };

/** How one server of the stack is found, started and greeted, as a program or in a container. */
export type ServerPlan = {
  readonly source: ServerSource;
  readonly suits?: (version: Version) => boolean;
  readonly program: (port: number, binary: ServerBinary) => Promise<LeashedProgram>;
  readonly container: () => ContainerPlan;
  /** Resolves when the server answers at that address. */
  readonly greet: (at: Address) => Promise<unknown>;
  readonly url: (at: Address) => string;
};

export type PlanSettings = {
  readonly home: string;
  readonly syncAlways: boolean;
  readonly testAccounts: number;
  readonly report: Report;
  readonly passwords: StackMemory['passwords'];
};

export const natsPlan = (settings: PlanSettings): ServerPlan => {
  const { home, syncAlways, testAccounts, passwords } = settings;
  const credentials = { password: passwords.nats };
  const plan = { ...credentials, home, syncAlways, testAccounts };
  return {
    source: natsSource,
    program: (port, binary) => natsProgram({ ...plan, port }, binary),
    container: () => natsContainer(plan),
    greet: (at) => greetNats(credentials, at),
    url: (at) => natsUrl(credentials, at),
  };
};

/** Data that is there can be read by one major version alone. */
export const postgresPlan = async (settings: PlanSettings): Promise<ServerPlan> => {
  const { home, syncAlways, report, passwords } = settings;
  const credentials = { password: passwords.postgres };
  const major = await clusterMajor(join(home, 'postgres'));
  return {
    source: postgresSource,
    ...(major === undefined ? {} : { suits: (version) => version[0] === major }),
    program: async (port, binary) => {
      const place = await placePostgres(home, binary, report);
      return postgresProgram({ ...credentials, home, port, place, durable: syncAlways }, report);
    },
    container: () => postgresContainer({ ...credentials, home }),
    greet: (at) => greetPostgres(credentials, at),
    url: (at) => postgresUrl(credentials, at),
  };
};

export const redisPlan = (settings: PlanSettings): ServerPlan => {
  const { home, testAccounts, passwords } = settings;
  const credentials = { password: passwords.redis };
  const plan = { ...credentials, home, databases: Math.max(16, testAccounts) };
  return {
    source: redisSource,
    program: (port, binary) => redisProgram({ ...plan, port }, binary),
    container: () => redisContainer(plan),
    greet: (at) => greetRedis(credentials, at),
    url: (at) => redisUrl(credentials, at),
  };
};
