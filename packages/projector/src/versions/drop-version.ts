import { setTimeout as sleep } from 'node:timers/promises';
import { membershipsOf } from '@parley/infra/read-model/memberships';
import { pagesOf } from '@parley/infra/read-model/newest-page';
import { schemaOf } from '@parley/infra/read-model/schema-name';
import { beginDropping, endDropping, requireVersion } from '@parley/infra/read-model/versions';
import { steadyNow } from '@parley/infra/runtime/steady-now';
import type { Redis } from 'ioredis';
import type { Pool, PoolClient } from 'pg';
import { expel, listPeers } from '../ownership/session.js';
import { holdRebuilds } from '../rebuild/hold.js';

export type DropResources = {
  readonly database: Pool;
  readonly databaseUrl: string;
  readonly redis: Redis;
  /** Told what it waits for, once for each. */
  readonly onWait: (what: string) => void;
};

/** Somebody reads a build, or works on it, for longer than one waits. */
export class StillRead extends Error {
  override readonly name = 'StillRead';
  constructor(schema: string) {
    super(`somebody still reads ${schema}, such as a verification: try again when that has ended`);
  }
}

/** Ms after which query processes read something else, however slow they are to look. */
const UNREAD = 2_000;

/** Ms a projector may take to let go; who takes longer is frozen, and loses its sessions. */
const LET_GO = 15_000;

/** Ms that one waits for a table that is being read, and for all of them. */
const LOCK = 1_000;
const PATIENCE = 60_000;

/** Keys of Redis that one look gives. */
const AT_ONCE = 1_000;

/**
 * Drops a build: has everybody let go of it, then drops its tables, one at a time so that nobody who still reads waits for two, and what was
 * cached of it. Who is ended in the middle goes on with the same call.
 *
 * @throws VersionNotFound, VersionRefused where it is served, RebuildHeld where it is being built, StillRead
 */
export async function dropVersion(resources: DropResources, version: number): Promise<void> {
  const { database, databaseUrl, redis, onWait } = resources;
  const { state } = await requireVersion(database, version);
  const hold = state === 'building' ? await holdRebuilds(databaseUrl) : undefined;
  try {
    await beginDropping(database, version);
    const unreadAt = steadyNow() + UNREAD;
    await untilLetGo(resources, version);
    await sleep(Math.max(0, unreadAt - steadyNow()));
    const client = await database.connect();
    try {
      await dropSchema(client, schemaOf(version), onWait);
    } finally {
      client.release(true);
    }
    await forgetKeys(redis, pagesOf(schemaOf(version)));
    await forgetKeys(redis, membershipsOf(schemaOf(version)));
    await endDropping(database, version);
  } finally {
    await hold?.end();
  }
}

async function untilLetGo({ database, onWait }: DropResources, version: number): Promise<void> {
  const deadline = steadyNow() + LET_GO;
  for (let isTold = false; ; isTold = true) {
    const projectors = await listPeers({ client: database }, version);
    if (projectors.length === 0) return;
    if (!isTold) onWait(`${projectors.length} projectors let go of version ${version}`);
    if (steadyNow() > deadline) for (const { name } of projectors) await expel({ client: database }, name);
    await sleep(100);
  }
}

async function dropSchema(
  client: PoolClient,
  schema: string,
  onWait: DropResources['onWait'],
): Promise<void> {
  await client.query(`set lock_timeout = ${LOCK}`);
  const { rows } = await client.query<{ name: string }>(
    'select tablename as name from pg_tables where schemaname = $1 order by 1',
    [schema],
  );
  const deadline = steadyNow() + PATIENCE;
  for (const { name } of rows) {
    for (let isTold = false; !(await isDropped(client, `drop table ${schema}.${name}`)); isTold = true) {
      if (steadyNow() > deadline) throw new StillRead(schema);
      if (!isTold) onWait(`whoever reads ${schema}.${name} has ended`);
    }
  }
  await client.query(`drop schema if exists ${schema} cascade`);
}

/** False where somebody reads it. */
async function isDropped(client: PoolClient, statement: string): Promise<boolean> {
  try {
    await client.query(statement);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === LOCK_NOT_AVAILABLE) return false;
    throw error;
  }
}

const LOCK_NOT_AVAILABLE = '55P03';

async function forgetKeys(redis: Redis, pattern: string): Promise<void> {
  for (let cursor = '0'; ; ) {
    const [next, keys] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', AT_ONCE);
    if (keys.length > 0) await redis.unlink(...keys);
    if (next === '0') return;
    cursor = next;
  }
}
