import { streamName } from '@parley/infra/log/subjects';
import { startCli } from '@parley/infra/testing/cli-process';
import { TEST_MASTER_KEYS } from '@parley/infra/testing/master-key';
import { type ServiceProcess, startService } from '@parley/infra/testing/service-process';
import { testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { bigLog, farFromItsEnd } from '@parley/projector/testing/big-log';
import { rowsOfBuild } from '@parley/projector/testing/rows-of-build';
import { openBuilds } from '@parley/projector/testing/verify-fixture';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../exit-codes.js';
import { runCli } from '../testing/run-cli.js';

const PARTITIONS = 2;

describe('parley projections rebuild', { timeout: 120_000 }, () => {
  let builds: Awaited<ReturnType<typeof openBuilds>>;
  let env: Record<string, string>;
  let projector: ServiceProcess | undefined;

  beforeAll(async () => {
    builds = await openBuilds(PARTITIONS);
    env = { NATS_URL: builds.environment.natsUrl, DATABASE_URL: builds.environment.databaseUrl };
    await builds.given(farFromItsEnd(bigLog(60)));
    await builds.project(1);
  });
  afterAll(async () => {
    await projector?.end();
    await builds?.close();
  });

  const rebuild = (...args: readonly string[]) => runCli(['projections', 'rebuild', ...args], env);
  const start = (...args: readonly string[]) => startCli(['projections', 'rebuild', ...args], env);
  const rowsOf = (version: number) => rowsOfBuild(builds.pool, `rm_${version}`);

  const states = async () => {
    const { rows } = await builds.pool.query<{ version: number; state: string }>(
      'select version, state from parley.version order by version',
    );
    return rows.map(({ version, state }) => `${version} ${state}`).join();
  };

  /** Messages of the log in the rows of a version; 0 while it has no tables. */
  const loaded = async (version: number): Promise<number> => {
    const { rows } = await builds.pool
      .query<{ events: number }>(`select sum(events)::int as events from rm_${version}.checkpoint`)
      .catch(() => ({ rows: [] }));
    return rows[0]?.events ?? 0;
  };

  it('goes on where it was killed, where it was interrupted, and has the rows of the live version', async () => {
    let reached = 0;
    for (const [signal, ending] of [
      ['SIGKILL', 'SIGKILL'],
      ['SIGKILL', 'SIGKILL'],
      ['SIGINT', exitCodes.interrupted],
    ] as const) {
      const { child, ended, output } = start('--throttle', '400');
      await waitFor(async () => output.err.includes('loading') && (await loaded(2)) > reached, {
        what: 'events of version 2',
        timeout: 30_000,
      });
      reached = await loaded(2);
      child.kill(signal);
      expect(await ended).toBe(ending);
      if (signal === 'SIGINT') expect(output.err).toContain('the same command goes on with it');
    }
    expect(await states()).toBe('1 following,2 building');
    const { code, err, out } = await rebuild();
    expect({ code, err }).toMatchObject({
      code: exitCodes.done,
      err: expect.stringContaining('going on with version 2'),
    });
    expect(out).toContain('no projector follows version 2');
    expect(out).toContain('next: parley projections verify 2, then parley projections promote 2');
    expect(await states()).toBe('1 following,2 following');
    expect(await rowsOf(2)).toEqual(await rowsOf(1));
  });

  it('is one at a time: the second says who has it, and ends as busy', async () => {
    const { child, ended } = start('--throttle', '100');
    await waitFor(async () => (await loaded(3)) > 0, { what: 'events of version 3', timeout: 30_000 });
    const { code, err } = await rebuild();
    expect({ code, err }).toEqual({
      code: exitCodes.busy,
      err: expect.stringMatching(
        new RegExp(`another rebuild is at work, process ${child.pid} on \\S+, since 20`),
      ),
    });
    child.kill('SIGINT');
    expect(await ended).toBe(exitCodes.interrupted);
  });

  it('with --promote verifies what it built, which projectors follow, and serves it', async () => {
    const { natsUrl, databaseUrl, redisUrl } = builds.environment;
    projector = await startService('projector', {
      NATS_URL: natsUrl,
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      PARLEY_PARTITIONS: String(PARTITIONS),
      PARLEY_MASTER_KEYS: TEST_MASTER_KEYS,
      PARLEY_LOG_LEVEL: 'silent',
    });
    const { code, out } = await rebuild('--promote', '--json');
    expect(code).toBe(exitCodes.done);
    expect(JSON.parse(out)).toMatchObject({
      version: 3,
      isFollowed: true,
      isPromoted: true,
      verification: { verdict: 'equal', isVerified: true },
      incomplete: { count: 0, some: [] },
    });
    const { rows } = await builds.pool.query('select active, previous from parley.read_model');
    expect(rows).toEqual([{ active: 'rm_3', previous: 'rm_1' }]);
  });

  it('names what the log has lost, and does not promote it', async () => {
    await builds.jsm.streams.purge(streamName(0), { seq: 400 });
    const { code, out } = await rebuild('--promote');
    expect(code).toBe(exitCodes.unhealthy);
    expect(out).toMatch(/conversations are incomplete, the log lacks their beginning: /);
    expect(out).toContain('399 messages are missing in the log');
    expect(out).toContain('version 4 is not promoted');
    const { rows } = await builds.pool.query('select active from parley.read_model');
    expect(rows).toEqual([{ active: 'rm_3' }]);
  });

  it('says what is wrong with what it was asked', async () => {
    expect(await rebuild('timelime')).toEqual({
      code: exitCodes.usage,
      out: '',
      err: 'parley: there is no projection timelime; there are timeline and receipts\n',
    });
    expect(await rebuild('--throttle', 'slow')).toMatchObject({ code: exitCodes.usage });
  });

  it('says that there is no log, or no read model', async () => {
    const other = await testEnvironment();
    const noLog = await runCli(['projections', 'rebuild'], { ...env, NATS_URL: other.natsUrl });
    expect(noLog).toMatchObject({
      code: exitCodes.noInput,
      err: expect.stringContaining('no log of Parley'),
    });
    const noRows = await runCli(['projections', 'rebuild'], { ...env, DATABASE_URL: other.databaseUrl });
    expect(noRows).toMatchObject({ code: exitCodes.noInput, err: expect.stringContaining('no read model') });
    await other.dispose();
  });
});
