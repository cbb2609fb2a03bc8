import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Envelope } from '@parley/domain/log/envelope';
import { forgetHome } from '@parley/infra/embedded/forget-home';
import { type Stack, startStack } from '@parley/infra/embedded/stack';
import { ensureTopology } from '@parley/infra/log/topology';
import { migrate } from '@parley/infra/read-model/migrate';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { TEST_MASTER_KEYS } from '@parley/infra/testing/master-key';
import { type ServiceProcess, startService } from '@parley/infra/testing/service-process';
import { storeLog } from '@parley/infra/testing/store-log';
import { waitFor } from '@parley/infra/testing/wait-for';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bigLog, digestsOf, farFromItsEnd, renamed, talk } from './testing/big-log.js';
import { readTables } from './testing/read-tables.js';
import { tablesOfLog } from './testing/tables-of-log.js';

const PARTITIONS = 4;

/** Real processes over servers of their own, because both are stopped in the middle of their work. */
describe('projectors', { timeout: 90_000 }, () => {
  let home: string;
  let stack: Stack;
  let nats: NatsConnection;
  let database: string;
  let client: pg.Client;
  let projectors: ServiceProcess[] = [];
  let log: Envelope[] = [];
  let databases = 0;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'parley-projector-'));
    stack = await startStack({ home, syncAlways: false, useEnvironment: false });
    nats = await connectNats(stack.nats, 'projector-spec');
    await ensureTopology(nats, { partitions: PARTITIONS, replicas: 1 });
    log = [...farFromItsEnd(bigLog(800))];
    await storeLog(nats, log, PARTITIONS);
  });
  afterAll(async () => {
    await nats.close();
    await stack.stop();
    await forgetHome(home);
  });

  // Each test builds the read model of the same log in a database of its own.
  beforeEach(async () => {
    const url = new URL(stack.database);
    const admin = new pg.Client(url.href);
    await admin.connect();
    url.pathname = `/projector${++databases}`;
    await admin.query(`create database projector${databases}`);
    await admin.end();
    database = url.href;
    await migrate(database);
    client = new pg.Client(database);
    client.on('error', () => undefined);
    await client.connect();
  });
  afterEach(async () => {
    await Promise.all(projectors.map((projector) => projector.end('SIGKILL')));
    projectors = [];
    await client.end();
  });

  async function start(): Promise<ServiceProcess> {
    const projector = await startService('projector', {
      NATS_URL: stack.nats,
      DATABASE_URL: database,
      REDIS_URL: stack.redis,
      PARLEY_PARTITIONS: String(PARTITIONS),
      PARLEY_MASTER_KEYS: TEST_MASTER_KEYS,
      PARLEY_LOG_LEVEL: process.env.PARLEY_LOG_LEVEL ?? 'silent',
    });
    projectors.push(projector);
    return projector;
  }

  async function progress(): Promise<number> {
    const { rows } = await client.query<{ events: number }>(
      `select coalesce(sum(events), 0)::int as events from rm_1.checkpoint where projection = 'timeline'`,
    );
    return rows[0]?.events ?? 0;
  }

  const caughtUp = (timeout = 60_000) =>
    waitFor(async () => (await progress()) === log.length, { what: 'all events in rows', timeout });

  async function expectRowsOfLog(): Promise<void> {
    const { rows } = await client.query<{ digest: string }>(
      `select digest from rm_1.checkpoint where projection = 'timeline' order by partition`,
    );
    expect(rows.map(({ digest }) => digest)).toEqual(digestsOf(log, PARTITIONS));
    expect(await readTables(client, 'rm_1')).toEqual(tablesOfLog(log));
  }

  /** Shares by the projector whose session holds their lock. */
  async function owners(): Promise<ReadonlyMap<string, number>> {
    const { rows } = await client.query<{ name: string; shares: number }>(
      `select a.application_name as name, count(*)::int as shares
       from pg_locks l join pg_stat_activity a using (pid)
       where l.locktype = 'advisory' and l.granted and l.database = (select oid from pg_database where datname = current_database())
         and a.application_name like 'projector-%'
       group by a.application_name`,
    );
    return new Map(rows.map(({ name, shares }) => [name, shares]));
  }

  const nameOf = ({ info }: ServiceProcess) => `projector-1-${info.instance}`;

  it('lose nothing and repeat nothing when they are killed in the middle', async () => {
    let reached = 0;
    for (let kills = 0; kills < 4; kills++) {
      // Something is always left to be done, however fast the one before was.
      const more = [...renamed(talk(`killed${kills}`, 500), `killed${kills}-${databases}`)];
      await storeLog(nats, more, PARTITIONS);
      log.push(...more);
      const projector = await start();
      await waitFor(async () => (await progress()) > reached, { what: 'progress', timeout: 30_000 });
      await projector.end('SIGKILL');
      reached = await progress();
    }
    await start();
    await caughtUp();
    await expectRowsOfLog();
  });

  it('share the partitions, and one takes over what the other had when it is killed', async () => {
    const [first, second] = [await start(), await start()] as const;
    await waitFor(async () => [...(await owners()).values()].join() === '4,4', {
      what: 'a fair share each',
      timeout: 20_000,
    });
    await first.end('SIGKILL');
    await waitFor(async () => (await owners()).get(nameOf(second)) === 8, {
      what: 'everything at the other',
      timeout: 5_000,
    });
    await caughtUp();
    await expectRowsOfLog();
  });

  it('lose what they have when they are frozen, and do no harm when they wake', async () => {
    const frozen = await start();
    await waitFor(async () => (await owners()).get(nameOf(frozen)) === 8, {
      what: 'everything at the first',
    });
    frozen.signal('SIGSTOP');
    const other = await start();
    await waitFor(async () => (await owners()).get(nameOf(other)) === 8, {
      what: 'everything at the other',
      timeout: 20_000,
    });
    const more = [...renamed(talk('late', 500), `late-${databases}`)];
    await storeLog(nats, more, PARTITIONS);
    log.push(...more);
    frozen.signal('SIGCONT');
    await caughtUp();
    await waitFor(async () => (await owners()).size === 2, {
      what: 'the woken one taking part again',
      timeout: 20_000,
    });
    await expectRowsOfLog();
  });

  it('go on by themselves when Postgres comes back', async () => {
    await start();
    await waitFor(async () => (await progress()) > 0, { what: 'progress', timeout: 30_000 });
    await client.end();
    await stack.stopServer('postgres');
    const more = [...renamed(talk('away', 500), `away-${databases}`)];
    await storeLog(nats, more, PARTITIONS);
    log.push(...more);
    await stack.startServer('postgres');
    client = new pg.Client(database);
    await client.connect();
    await caughtUp(30_000);
    await expectRowsOfLog();
  });

  it('go on by themselves when NATS comes back', async () => {
    await start();
    await waitFor(async () => (await progress()) > 0, { what: 'progress', timeout: 30_000 });
    await stack.stopServer('nats');
    await stack.startServer('nats');
    await waitFor(() => nats.flush().then(() => true), { what: 'the connection' });
    const more = [...renamed(talk('back', 500), `back-${databases}`)];
    await storeLog(nats, more, PARTITIONS);
    log.push(...more);
    await caughtUp(30_000);
    await expectRowsOfLog();
  });
});
