import type { ConversationEvent } from '@parley/domain/conversation/events';
import { type Envelope, envelop } from '@parley/domain/log/envelope';
import { partitionOf } from '@parley/domain/log/partition';
import { placeOf, streamName } from '@parley/infra/log/subjects';
import { dumpSchema } from '@parley/infra/read-model/dump-schema';
import { listVersions } from '@parley/infra/read-model/versions';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bigLog, farFromItsEnd, renamed, talk } from '../testing/big-log.js';
import { type ErasedLog, eraseInLog } from '../testing/erase-in-log.js';
import { rowsOfBuild } from '../testing/rows-of-build.js';
import { openBuilds } from '../testing/verify-fixture.js';
import { holdRebuilds, RebuildHeld } from './hold.js';
import type { Pace } from './pace.js';
import { type RebuildOptions, rebuild } from './rebuild.js';
import type { Report } from './report.js';

const PARTITIONS = 2;

/** Batches so small that what happens to a conversation is spread over many. */
const small = (batch: number): Pace => ({ batch, spent: async () => undefined });

describe('a rebuild', { timeout: 120_000 }, () => {
  let builds: Awaited<ReturnType<typeof openBuilds>>;

  beforeAll(async () => {
    builds = await openBuilds(PARTITIONS);
    const { whole, emptied } = erased('gone-0');
    await builds.given(whole.map(({ event }) => event));
    await builds.given(farFromItsEnd(bigLog(40)));
    for (let at = 1; at <= 60; at++)
      await builds.moved(
        `long-${at % 7}`,
        at % 2 ? 'ann' : 'ben',
        at,
        Math.floor(at / 2),
        1_700_000_000_000 + at,
      );
    await builds.project(1);
    const stream = streamName(partitionOf('gone-0', PARTITIONS));
    for (const streamSeq of emptied) await builds.jsm.streams.deleteMessage(stream, streamSeq);
  });
  afterAll(() => builds.close());

  function run(options: Partial<RebuildOptions> = {}, signal = new AbortController().signal) {
    const { js, jsm, pool, resources } = builds;
    return rebuild(
      {
        js,
        jsm,
        database: pool,
        databaseUrl: resources.databaseUrl,
        partitions: PARTITIONS,
        atOnce: 2,
        patience: 0,
        noticed: 0,
        onReport: () => undefined,
        ...options,
      },
      signal,
    );
  }

  const rowsOf = (version: number) => rowsOfBuild(builds.pool, `rm_${version}`);

  it.each([29, 8_000])(
    'has the rows, digests and indexes of what was projected, by batches of %i',
    async (batch) => {
      const { version, isFollowed, parked, missing, incomplete } = await run({ pace: small(batch) });
      expect({ isFollowed, parked, missing, incomplete }).toEqual({
        isFollowed: false,
        parked: 0,
        missing: 0,
        incomplete: { count: 0, some: [] },
      });
      expect(await rowsOf(version)).toEqual(await rowsOf(1));
      expect(await dumpSchema(builds.pool, `rm_${version}`)).toBe(await dumpSchema(builds.pool, 'rm_1'));
      expect((await listVersions(builds.pool)).find((each) => each.version === version)).toMatchObject({
        state: 'following',
        role: 'beside',
        verified: undefined,
      });
    },
  );

  it('goes on where it was stopped, in whatever phase, and has the same rows', async () => {
    for (const stopAt of ['round', 'committed', 'settling', 'indexing', '1 of', 'catching up', 'none']) {
      const stop = new AbortController();
      let commits = 0;
      const onReport = (report: Report): void => {
        if (report.tag === 'committed' && ++commits < 5) return;
        const said = report.tag === 'phase' ? `${report.phase} ${report.what}` : report.tag;
        if (said.includes(stopAt)) stop.abort();
      };
      const running = run({ pace: small(40), onReport }, stop.signal);
      if (stopAt === 'none') expect(await rowsOf((await running).version)).toEqual(await rowsOf(1));
      else await expect(running).rejects.toThrow();
    }
    const versions = (await listVersions(builds.pool)).map(({ version }) => version);
    expect(versions).toEqual(versions.map((_, index) => index + 1));
  });

  it('copies what is not named, in one snapshot, and says so', async () => {
    const { version, copied, events } = await run({ names: ['receipts'] });
    expect({ copied, events }).toEqual({ copied: ['timeline'], events: 60 });
    expect(await rowsOf(version)).toEqual(await rowsOf(1));
  });

  it('goes on when its connections are cut', async () => {
    let cuts = 0;
    const onReport = (report: Report): void => {
      if (report.tag !== 'committed' || cuts++ % 20 !== 3) return;
      void builds.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and application_name like 'rebuild%'`,
      );
    };
    const { version } = await run({ pace: small(60), patience: 20_000, onReport });
    expect(cuts).toBeGreaterThan(3);
    expect(await rowsOf(version)).toEqual(await rowsOf(1));
  });

  it('takes what COPY refuses as the projector does', async () => {
    const twice = talk('twice', 6);
    await builds.given([
      ...twice,
      ...twice.slice(0, 4),
      { ...(twice[5] as Envelope), type: 'message.sung' } as never,
    ]);
    await builds.project(1);
    const { version, parked } = await run({ pace: small(500) });
    expect(parked).toBe(1);
    expect(await rowsOf(version)).toEqual(await rowsOf(1));
  });

  it('is one at a time in a database, and the second hears who has it', async () => {
    const hold = await holdRebuilds(builds.resources.databaseUrl);
    await expect(run()).rejects.toThrow(RebuildHeld);
    await expect(run()).rejects.toThrow(`process ${process.pid} on `);
    await hold.end();
    await waitFor(() => run().then(() => true), { what: 'a rebuild when it is free' });
  });

  it('says which conversations a truncated log has lost the beginning of, with one row for what is missing', async () => {
    const lost = Array.from({ length: 30 }, (_, n) => `lost-${n}`).filter(
      (id) => partitionOf(id, PARTITIONS) === 0,
    );
    await builds.given(lost.flatMap((id) => renamed(talk('x', 4), id)));
    const { state } = await builds.jsm.streams.info(streamName(0));
    const first = state.last_seq - 4 * (lost.length - 1) + 1;
    await builds.jsm.streams.purge(streamName(0), { seq: first - 2 });
    const { version, incomplete, missing } = await run();
    expect(incomplete.some[0]).toBe(lost[0]);
    expect(incomplete.count).toBe(1);
    expect(missing).toBe(first - 3);
    const { rows } = await builds.pool.query(
      `select stream_seq, last from rm_${version}.gap where partition = 0`,
    );
    expect(rows).toEqual([{ stream_seq: '1', last: String(first - 3) }]);
    expect(placeOf(lost[0] as string, PARTITIONS).partition).toBe(0);
  });
});

/** A conversation that comes first in its partition, and of which a deleted message was taken out of the log. */
function erased(conversationId: string): ErasedLog {
  const body = `s1.m2023-11.${'n'.repeat(32)}sealed`;
  const said: readonly ConversationEvent[] = [
    {
      type: 'conversation.created',
      data: { kind: 'group', ttl: null, members: [{ user: 'ann', role: 'owner', banHash: 'h' }] },
    },
    ...[1, 2, 3, 4].map((ordinal): ConversationEvent => ({ type: 'message.sent', data: { ordinal, body } })),
    { type: 'message.edited', data: { seq: 3, body } },
    { type: 'message.deleted', data: { seq: 3 } },
  ];
  const whole = said.map((event, index) => ({
    streamSeq: index + 1,
    event: envelop(event, {
      conversationId,
      seq: index + 1,
      at: 1_700_000_000_000 + index,
      actor: 'ann',
      commandId: `c-${index}`,
    }),
  }));
  return eraseInLog({ whole, emptied: [] }, conversationId, 3);
}
