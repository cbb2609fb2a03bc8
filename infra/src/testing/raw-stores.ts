import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import pg from 'pg';

/** Everything that the streams of an account hold, as it is stored. */
export async function everythingInNats(nats: NatsConnection): Promise<string> {
  const jsm = await jetstreamManager(nats, { checkAPI: false });
  const texts: string[] = [];
  for await (const { config, state } of jsm.streams.list()) {
    for (let seq = Math.max(1, state.first_seq); seq <= state.last_seq; seq++) {
      const stored = await jsm.streams.getMessage(config.name, { seq });
      if (stored !== null) texts.push(`${stored.subject} ${Buffer.from(stored.data).toString('latin1')}`);
    }
  }
  return texts.join('\n');
}

/** All rows of all tables of a database. */
export async function everythingInPostgres(databaseUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(
      `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
       where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
    );
    const texts: string[] = [];
    for (const { name } of tables.rows) {
      const { rows } = await client.query<{ row: string }>(`select t::text as row from ${name} t`);
      texts.push(...rows.map(({ row }) => row));
    }
    return texts.join('\n');
  } finally {
    await client.end();
  }
}

/** All keys of a Redis database with their values. */
export async function everythingInRedis(redisUrl: string): Promise<string> {
  const redis = new Redis(redisUrl);
  try {
    const texts: string[] = [];
    for (const key of await redis.keys('*')) {
      const type = await redis.type(key);
      const value =
        type === 'string'
          ? await redis.get(key)
          : type === 'hash'
            ? await redis.hgetall(key)
            : type === 'zset'
              ? await redis.zrange(key, 0, '-1')
              : ((await redis.dumpBuffer(key))?.toString('latin1') ?? '');
      texts.push(`${key} ${JSON.stringify(value)}`);
    }
    return texts.join('\n');
  } finally {
    redis.disconnect();
  }
}
