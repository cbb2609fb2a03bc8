import type { ConversationEvent } from '@parley/domain/conversation/events';
import type { Envelope } from '@parley/domain/log/envelope';
import { createLog } from '@parley/infra/runtime/log';
import { waitFor } from '@parley/infra/testing/wait-for';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectorMetrics } from '../metrics.js';
import { created, sent, type Writer, writerOf } from '../testing/mortal-log.js';
import { type Builds, openBuilds } from '../testing/verify-fixture.js';
import { followVersion } from '../versions/follow-version.js';
import type { Followed } from '../versions/follow-versions.js';
import { anywhere, atOnePlace } from './at-one-place.js';
import { openVerifyingSession } from './session.js';

describe('verifying while traffic goes on', { timeout: 60_000 }, () => {
  let builds: Builds;
  let beside: number;
  let projectors: readonly Followed[];
  let traffic: { stop(): Promise<void> };

  beforeAll(async () => {
    builds = await openBuilds(2);
    beside = await builds.beside();
    const following = {
      databaseUrl: builds.environment.databaseUrl,
      instance: 'spec',
      partitions: 2,
      js: builds.js,
      jsm: builds.jsm,
      database: builds.pool,
      metrics: projectorMetrics(new Registry(), async () => ({ events: 0, seconds: 0 })),
      log: createLog('spec', 'silent'),
      besides: () => ({ chores: [], committed: () => undefined, placed: () => undefined }),
    };
    projectors = [1, beside].map((version) => followVersion(following, version));
    traffic = talk(builds);
    await waitFor(async () => (await placeOf(1)) > 100 && (await placeOf(beside)) > 100, {
      what: 'both builds to move',
    });
  });
  afterAll(async () => {
    await traffic.stop();
    await Promise.all(projectors.map((projector) => projector.close()));
    await builds.close();
  });

  const placeOf = async (version: number): Promise<number> => {
    const { rows } = await builds.pool.query(
      `select coalesce(sum(stream_seq), 0)::int as place from rm_${version}.checkpoint where projection = 'timeline'`,
    );
    return rows[0].place;
  };

  it('holds up the build that is not served, for as long as it is looked at, and never the other', async () => {
    const sessions = {
      held: await openVerifyingSession(builds.environment.databaseUrl),
      free: await openVerifyingSession(builds.environment.databaseUrl),
    };
    const wanted = { partition: 0, atLeast: anywhere, patience: 10_000 };
    const checkpoint = async (version: number) => {
      const { rows } = await builds.pool.query(
        `select stream_seq::int from rm_${version}.checkpoint where projection = 'timeline' and partition = 0`,
      );
      return rows[0].stream_seq;
    };
    let held = 0;
    await atOnePlace(
      { ...builds, sessions },
      { held: beside, free: 1 },
      wanted,
      async (_one, _other, place) => {
        held = await checkpoint(beside);
        await waitFor(async () => (await checkpoint(1)) > place.timeline + 10, {
          what: 'the served build to move on',
        });
        expect(await checkpoint(beside)).toBe(held);
      },
    );
    await waitFor(async () => (await checkpoint(beside)) > held, { what: 'the other to go on' });
    await Promise.all([sessions.held.end(), sessions.free.end()]);
  });

  it.each([
    ['two versions', undefined],
    ['a version and the log', 'log'],
  ] as const)('finds %s equal, again and again', async (_, against) => {
    for (let round = 0; round < 2; round++) {
      const before = await placeOf(1);
      const options = against === undefined ? {} : { against };
      expect(await builds.verify(beside, options)).toMatchObject({
        verdict: 'equal',
        isVerified: true,
        differences: [],
      });
      expect(await placeOf(1)).toBeGreaterThan(before);
    }
  });
});

/** People who send, edit, react, pin, leave, enter and read, and messages that expire, until it is stopped. */
function talk(builds: Builds): { stop(): Promise<void> } {
  let isStopped = false;
  const writers = Array.from({ length: 12 }, (_, n) => writerOf(`busy-${n}`));
  const ordinals = new Map<Writer, number>();
  const seqs = new Map<Writer, number>();
  const next = (writer: Writer, event: ConversationEvent): Envelope => {
    seqs.set(writer, (seqs.get(writer) ?? 0) + 1);
    return writer.next(event, Date.now());
  };

  async function run(): Promise<void> {
    await builds.given(writers.map((writer) => next(writer, created())));
    for (let n = 0; !isStopped; n++) {
      const writer = writers[n % writers.length] as Writer;
      const ordinal = (ordinals.get(writer) ?? 0) + 1;
      ordinals.set(writer, ordinal);
      const seq = Math.max(2, (seqs.get(writer) as number) - (n % 7));
      const body = 'p0.{"kind":"text","text":"edited"}';
      const deeds: readonly ConversationEvent[] = [
        { type: 'message.edited', data: { seq, body } },
        { type: 'message.deleted', data: { seq } },
        { type: 'message.reacted', data: { seq, emoji: '👍', removed: n % 2 === 0 } },
        { type: 'message.expired', data: { ranges: [[seq, seq + 1]] } },
        { type: 'message.pinned', data: { seq, author: 'ann' } },
        {
          type: 'member.added',
          data: { members: [{ user: `guest-${n % 5}`, role: 'member', banHash: `g-${n % 5}` }] },
        },
        { type: 'member.removed', data: { users: [`guest-${n % 4}`] } },
      ];
      const events = [
        next(writer, sent(ordinal, Date.now() + 60_000)),
        next(writer, deeds[n % deeds.length] as ConversationEvent),
      ];
      await builds.given(events);
      await builds.moved(writer.conversationId, 'ben', seq, seq - 1, Date.now());
    }
  }

  const running = run();
  return {
    async stop() {
      isStopped = true;
      await running;
    },
  };
}
