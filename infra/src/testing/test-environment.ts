import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { inject } from 'vitest';
import { waitFor } from './wait-for.js';

/** Servers that nobody else in this run sees: an empty database, an empty NATS account, an empty Redis database. */
export type TestEnvironment = {
  readonly natsUrl: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** Directory of the data of all servers of this run. */
  readonly home: string;
  /** Drops the database, so that a long run does not fill the disk. */
  dispose(): Promise<void>;
};

/** Call it in a file's beforeAll; it works in files whose vitest project has the global setup of this folder. */
export const testEnvironment = async (): Promise<TestEnvironment> => {
  const stack = inject('parleyStack');
  const index = await claim(stack.claims, stack.environments);
  const database = `t${index}_${randomBytes(4).toString('hex')}`;
  await administer(stack.database, `create database ${database}`);

  const natsUrl = new URL(stack.nats);
  natsUrl.username = `t${index}`;
  const databaseUrl = new URL(stack.database);
  databaseUrl.pathname = `/${database}`;
  const redisUrl = new URL(stack.redis);
  redisUrl.pathname = `/${index}`;
  return {
    natsUrl: natsUrl.href,
    databaseUrl: databaseUrl.href,
    redisUrl: redisUrl.href,
    home: dirname(stack.claims),
    dispose: async () => {
      await sessionsEnd(stack.database, database);
      await administer(stack.database, `drop database if exists ${database} with (force)`);
      await emptyRedis(redisUrl.href);
    },
  };
};

/** The Redis database of the environment that a NATS URL is of, whatever line leads to that. */
export const redisUrlBeside = (natsUrl: string): string => {
  const redisUrl = new URL(inject('parleyStack').redis);
  redisUrl.pathname = `/${new URL(natsUrl).username.slice(1)}`;
  return redisUrl.href;
};

/** mkdir is the atomic counter: of the workers that try a number, one succeeds. */
const claim = async (claims: string, count: number): Promise<number> => {
  await mkdir(claims, { recursive: true });
  for (let index = 0; index < count; index++) {
    const won = await mkdir(join(claims, String(index))).then(
      () => true,
      () => false,
    );
    if (won) return index;
  }
  throw new Error(`all ${count} test environments of this run are taken`);
};

/** Milliseconds for which sessions of a database may still end before it is dropped under them. */
const ENDING_MS = 2_000;

/** A pool says that it has ended while its sessions still do: one that is put an end to meanwhile throws where nobody catches. */
const sessionsEnd = async (databaseUrl: string, database: string): Promise<void> => {
  const of = `select from pg_stat_activity where datname = '${database}' and backend_type = 'client backend'`;
  const ended = async () => (await administer(databaseUrl, of)) === 0;
  await waitFor(ended, { what: 'its sessions to end', timeout: ENDING_MS }).catch(() => undefined);
};

/** Resolves with the number of rows. */
const administer = async (databaseUrl: string, statement: string): Promise<number> => {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(statement)).rowCount ?? 0;
  } finally {
    await client.end();
  }
};

const emptyRedis = async (url: string): Promise<void> => {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    await redis.flushdb();
  } finally {
    redis.disconnect();
  }
};
