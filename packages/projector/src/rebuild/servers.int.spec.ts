import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Envelope, envelop } from '@parley/domain/log/envelope';
import { forgetHome } from '@parley/infra/embedded/forget-home';
import { type Stack, startStack } from '@parley/infra/embedded/stack';
import { listVersions } from '@parley/infra/read-model/versions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renamed, talk } from '../testing/big-log.js';
import { rowsOfBuild } from '../testing/rows-of-build.js';
import { openBuilds } from '../testing/verify-fixture.js';
import { NoRoom } from './away.js';
import { rebuild } from './rebuild.js';
import type { Report } from './report.js';

/** Servers of its own, because they are stopped and starved in the middle. */
describe('a rebuild whose servers fail', { timeout: 120_000 }, () => {
  let home: string;
  let stack: Stack;
  let builds: Awaited<ReturnType<typeof openBuilds>>;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'parley-rebuild-'));
    stack = await startStack({ home, syncAlways: false, useEnvironment: false });
    const { nats: natsUrl, database: databaseUrl, redis: redisUrl } = stack;
    builds = await openBuilds(1, { natsUrl, databaseUrl, redisUrl, home, dispose: async () => undefined });
    await builds.given(renamed(talk('x', 300), 'small'));
    await builds.given(large(1_200));
    await builds.project(1, 500);
  });
  afterAll(async () => {
    await builds?.close();
    await stack?.stop();
    await forgetHome(home);
  });

  /** Calls `meddle` once, after a few commits. */
  function run(meddle: () => Promise<void>): {
    readonly rebuilt: ReturnType<typeof rebuild>;
    readonly reports: Report[];
  } {
    const reports: Report[] = [];
    const { js, jsm, pool, resources } = builds;
    let commits = 0;
    const rebuilt = rebuild(
      {
        js,
        jsm,
        database: pool,
        databaseUrl: resources.databaseUrl,
        partitions: 1,
        atOnce: 2,
        noticed: 0,
        // Waits for what is done to the servers.
        pace: { batch: 200, spent: async () => (++commits === 3 ? meddle() : undefined) },
        onReport: (report) => reports.push(report),
      },
      new AbortController().signal,
    );
    return { rebuilt, reports };
  }

  const rowsOf = (version: number) => rowsOfBuild(builds.pool, `rm_${version}`);
  const waits = (reports: readonly Report[]) =>
    reports.flatMap((report) => (report.tag === 'waiting' ? [report.reason] : []));

  it('leaves the live version alone when there is no room, says what to do, and goes on when there is some', async () => {
    const live = await rowsOf(1);
    // No file of these processes may become longer: the log of Postgres itself has 16 MiB in each of its own.
    const { rebuilt } = run(async () => {
      const { rows } = await builds.pool.query<{ pid: number }>(
        `select pid from pg_stat_activity where application_name = 'rebuild' and datname = current_database()`,
      );
      for (const { pid } of rows) await limitFiles(pid);
    });
    const failed = await rebuilt.catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(NoRoom);
    expect((failed as Error).message).toMatch(/no room: .*the same command goes on/s);
    expect(await rowsOf(1)).toEqual(live);
    await builds.given(renamed(talk('x', 20), 'still-served'));
    await builds.project(1);

    const { rebuilt: again } = run(async () => undefined);
    const { version, events } = await again;
    expect(version).toBe(2);
    expect(events).toBeLessThan(1_500);
    expect(await rowsOf(2)).toEqual(await rowsOf(1));
  });

  it('goes on when Postgres was restarted in the middle', async () => {
    const { rebuilt, reports } = run(async () => {
      await stack.stopServer('postgres');
      void stack.startServer('postgres');
    });
    const { version } = await rebuilt;
    expect(waits(reports).join()).toContain('Postgres');
    expect((await listVersions(builds.pool)).map(({ version: each }) => each).at(-1)).toBe(version);
    expect(await rowsOf(version)).toEqual(await rowsOf(1));
  });

  it('goes on when NATS was restarted in the middle', async () => {
    const { rebuilt, reports } = run(async () => {
      await stack.stopServer('nats');
      void stack.startServer('nats');
    });
    const { version } = await rebuilt;
    expect(waits(reports).join()).toContain('the log');
    expect(await rowsOf(version)).toEqual(await rowsOf(1));
  });
});

/** Only who runs a process may take away from it. */
async function limitFiles(pid: number): Promise<void> {
  const { uid, gid } = await stat(`/proc/${pid}`);
  await promisify(execFile)('prlimit', ['--pid', String(pid), `--fsize=${17 * 1024 * 1024}`], { uid, gid });
}

/** A conversation whose messages cannot be compressed: 32 KB each. */
function large(length: number): readonly Envelope[] {
  return renamed(talk('x', length), 'large').map((event) => {
    if (event.type !== 'message.sent') return event;
    const { conversationId, seq, at, actor, commandId } = event;
    const body = `s1.m2023-11.${randomBytes(24_000).toString('base64url')}`;
    return envelop(
      { type: 'message.sent', data: { ...event.data, body } },
      { conversationId, seq, at, actor, commandId },
    );
  });
}
