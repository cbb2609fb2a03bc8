import type { NatsConnection } from '@nats-io/transport-node';
import type { EventType } from '@parley/domain/conversation/events';
import type { Envelope } from '@parley/domain/log/envelope';
import { anyEvent, PEOPLE } from '@parley/domain/testing/arbitraries';
import { placeOf } from '@parley/infra/log/subjects';
import { ensureTopology } from '@parley/infra/log/topology';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { storeLog } from '@parley/infra/testing/store-log';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LogAccess, openLog } from '../terminal/log-access.js';
import type { Told } from './logged.js';
import type { Position } from './position.js';
import { type Replayed, type Replaying, runReplay } from './run-replay.js';
import { eventTypes, type Selection } from './selection.js';
import { type Bounds, sourcesOf } from './sources.js';

const PARTITIONS = 4;
const BEGIN = 1_700_000_000_000;
const CONVERSATIONS = Array.from({ length: 12 }, (_, n) => `c-${n}`);

let environment: TestEnvironment;
let nats: NatsConnection;
let log: LogAccess;
let stored: readonly Envelope[];

/** Conversations in turn, each of random events, with clocks that are some seconds apart. */
function someLog(): readonly Envelope[] {
  const events = fc.sample(anyEvent, { numRuns: 1_200, seed: 7 });
  const jumps = fc.sample(fc.integer({ min: -3_000, max: 9_000 }), { numRuns: 1_200, seed: 8 });
  const seqs = new Map<string, number>();
  return events.map((event, index) => {
    const conversationId = CONVERSATIONS[(index * 7) % 12] as string;
    const seq = (seqs.get(conversationId) ?? 0) + 1;
    seqs.set(conversationId, seq);
    const { type, data: whole } = event(seq);
    // What is past its life is told otherwise: another test has that.
    const { expiresAt: _, ...lasting } = whole as { readonly expiresAt?: unknown };
    const data = type.startsWith('message.') ? lasting : whole;
    const at = BEGIN + index * 10_000 + (jumps[index] as number);
    return { ...event(seq), id: `${conversationId}:${seq}`, conversationId, at, data } as Envelope;
  });
}

beforeAll(async () => {
  environment = await testEnvironment();
  nats = await connectNats(environment.natsUrl, 'test');
  await ensureTopology(nats, { partitions: PARTITIONS, replicas: 1 });
  stored = someLog();
  await storeLog(nats, stored, PARTITIONS);
  log = await openLog(environment.natsUrl);
});
afterAll(async () => {
  await log.close();
  await nats.close();
  await environment.dispose();
});

type Asked = {
  readonly selection?: Selection;
  readonly flags?: Replaying['flags'];
  readonly bounds?: Partial<Bounds>;
};

async function replayed({
  selection = {},
  flags = {},
  bounds = {},
}: Asked): Promise<Replayed & { told: Told[] }> {
  const sources = await sourcesOf(log, selection, { follow: false, ...bounds });
  const told: Told[] = [];
  const write = async (events: readonly Told[]) => told.push(...events) >= 0;
  const { signal } = new AbortController();
  const replaying = { log, sources, selection, flags, vault: undefined, signal, onPassed: () => undefined };
  return { ...(await runReplay(replaying, { write, finish: async () => undefined })), told };
}

const ids = (told: readonly Told[]) => told.map(({ event }) => event.id);
const partition = ({ conversationId }: Pick<Envelope, 'conversationId'>) =>
  placeOf(conversationId, PARTITIONS).partition;

describe('a replay', () => {
  it('is everything, partition after partition, each in the order of its stream', async () => {
    const { told, position, events } = await replayed({});
    const inOrder = [0, 1, 2, 3].flatMap((n) => stored.filter((event) => partition(event) === n));
    expect(told.map(({ event }) => event)).toStrictEqual(JSON.parse(JSON.stringify(inOrder)));
    expect(events).toBe(stored.length);
    for (const n of [0, 1, 2, 3])
      expect(position.passed.get(n)).toBe(stored.filter((event) => partition(event) === n).length);
  });

  it('with filters is the whole one filtered, whichever they are', async () => {
    const { told: whole } = await replayed({});
    const heads = new Map(stored.map(({ conversationId, seq }) => [conversationId, seq]));
    const time = fc.integer({ min: BEGIN - 20_000, max: BEGIN + stored.length * 10_000 });
    const some = <A>(of: readonly A[]) =>
      fc.option(fc.subarray([...of], { minLength: 1 }), { nil: undefined });
    const selection = fc.record({
      where: fc.oneof(
        fc.subarray(CONVERSATIONS, { minLength: 1 }).map((conversations) => ({ conversations })),
        fc.subarray([0, 1, 2, 3], { minLength: 1 }).map((partitions) => ({ partitions })),
        fc.constant({}),
      ),
      types: some<EventType>(eventTypes),
      actors: some(PEOPLE),
      since: fc.option(time, { nil: undefined }),
      until: fc.option(time, { nil: undefined }),
      seqs: fc.option(fc.tuple(fc.integer({ min: 1, max: 99 }), fc.integer({ min: 1, max: 99 })), {
        nil: undefined,
      }),
    });
    await fc.assert(
      fc.asyncProperty(selection, fc.boolean(), async ({ where, seqs, ...rest }, merged) => {
        const asked: { conversations?: string[]; partitions?: number[] } = where;
        const head = Math.min(...(asked.conversations ?? []).map((id) => heads.get(id) as number));
        const [fromSeq, toSeq] = (seqs ?? []).map((seq) => Math.min(seq, head)).sort((a, b) => a - b);
        const range = asked.conversations && seqs ? { fromSeq, toSeq } : {};
        const wanted = JSON.parse(JSON.stringify({ ...asked, ...rest, ...range })) as Selection;
        const { since = 0, until = Infinity } = wanted;
        const expected = whole.filter(
          ({ event }) =>
            (wanted.conversations?.includes(event.conversationId) ?? true) &&
            (wanted.partitions?.includes(partition(event)) ?? true) &&
            (wanted.types?.includes(event.type) ?? true) &&
            (wanted.actors?.includes(event.actor) ?? true) &&
            event.at >= since &&
            event.at < until &&
            event.seq >= (wanted.fromSeq ?? 0) &&
            event.seq <= (wanted.toSeq ?? Infinity),
        );
        // A time before all of it is refused.
        fc.pre(expected.length > 0 || wanted.until === undefined || until > BEGIN + 900_000);
        const { told } = await replayed({ selection: wanted, flags: merged ? { merge: 'time' } : {} });
        expect(ids(told).sort()).toStrictEqual(ids(expected).sort());
        if (!merged) expect(ids(told)).toStrictEqual(ids(expected));
      }),
      { numRuns: 30 },
    );
  }, 60_000);

  it('merged by time keeps the order of each partition, and is sorted but for clocks that disagree', async () => {
    const { told } = await replayed({ flags: { merge: 'time' } });
    for (const n of [0, 1, 2, 3])
      expect(ids(told.filter((each) => each.partition === n))).toStrictEqual(
        stored.filter((event) => partition(event) === n).map(({ id }) => id),
      );
    const latest = Math.max(...told.map(({ event }, index) => (told[index - 1]?.event.at ?? 0) - event.at));
    expect(latest).toBeLessThan(12_001);
  });

  it('goes on behind any position it has had, without repeat and gap', async () => {
    for (const flags of [{}, { merge: 'time' }] as const) {
      const whole = ids((await replayed({ flags })).told);
      const reached: { position: Position; told: number }[] = [];
      const sources = await sourcesOf(log, {}, { follow: false });
      const told: Told[] = [];
      await runReplay(
        {
          log,
          sources,
          selection: {},
          flags,
          vault: undefined,
          signal: new AbortController().signal,
          onPassed: (position) => void reached.push({ position, told: told.length }),
        },
        { write: async (events) => told.push(...events) >= 0, finish: async () => undefined },
      );
      expect(reached.length).toBeGreaterThan(1);
      for (const { position, told: count } of reached) {
        const rest = await replayed({ flags, bounds: { after: position } });
        expect(ids(rest.told)).toStrictEqual(whole.slice(count));
        const before = await replayed({ flags, bounds: { upTo: position } });
        expect(ids(before.told).sort()).toStrictEqual(whole.slice(0, count).sort());
      }
    }
  });

  it('refuses what this log does not have', async () => {
    const head = stored.filter(({ conversationId }) => conversationId === 'c-3').length;
    const refused = (asked: Asked) => expect(replayed(asked)).rejects;
    await refused({ selection: { conversations: ['c-3', 'nowhere'] } }).toMatchObject({
      message: 'there is no conversation nowhere in the log',
      exitCode: 66,
    });
    await refused({ selection: { conversations: ['c-3'], fromSeq: head + 1 } }).toMatchObject({
      message: `c-3 has ${head} events: ${head + 1} is behind its newest`,
      exitCode: 66,
    });
    await refused({ selection: { conversations: ['c-3'], toSeq: head + 5 } }).toMatchObject({ exitCode: 66 });
    await refused({ selection: { partitions: [4] } }).toMatchObject({ exitCode: 64 });
    await refused({ selection: { until: BEGIN - 3_600_000 } }).toMatchObject({
      message: expect.stringMatching(/^what is asked for begins at .*, and --until is before it$/),
      exitCode: 66,
    });
  });

  it('refuses a position of another log', async () => {
    const at = (partitions: number, streamSeq: number) => ({
      bounds: { after: { partitions, passed: new Map([[1, streamSeq]]) } },
    });
    await expect(replayed(at(8, 1))).rejects.toThrow('of a log of 8 partitions, and this one has 4');
    await expect(replayed(at(4, 9_999))).rejects.toThrow('ahead of the log');
    await expect(
      replayed({ bounds: { upTo: { partitions: 4, passed: new Map([[1, 9_999]]) } } }),
    ).rejects.toThrow('ahead of the log');
  });

  it('since a time is what was logged from then on, where the broker leaves out what was stored long before', async () => {
    const at = Date.now();
    const fresh = [1, 2, 3].map((seq) => {
      const event = {
        ...(stored[0] as Envelope),
        conversationId: `fresh-${seq}`,
        id: `fresh-${seq}:1`,
        seq: 1,
      };
      return { ...event, at: at + (seq - 2) * 60_000 } as Envelope;
    });
    await storeLog(nats, fresh, PARTITIONS);
    for (const flags of [{}, { merge: 'time' }] as const) {
      const { told } = await replayed({ selection: { since: at }, flags });
      expect(ids(told).sort()).toStrictEqual(['fresh-2:1', 'fresh-3:1']);
    }
    const later = await replayed({ selection: { since: at + 2 * 3_600_000 } });
    expect(later.told).toStrictEqual([]);
    for (const [n, streamSeq] of later.position.passed)
      expect(streamSeq).toBe([...stored, ...fresh].filter((event) => partition(event) === n).length);
  });

  // The last: it takes something away.
  it('refuses a position behind which the log was cut off, and says how to go on', async () => {
    await log.jsm.streams.purge('CONV_01', { seq: 8 });
    const after = (streamSeq: number) =>
      replayed({ bounds: { after: { partitions: 4, passed: new Map([[1, streamSeq]]) } } });
    await expect(after(4)).rejects.toThrow('Go on without it by --after 4/1:7');
    const { told } = await after(7);
    expect(told.find((each) => each.partition === 1)?.streamSeq).toBe(8);
    expect((await replayed({ selection: { partitions: [1] } })).told[0]?.streamSeq).toBe(8);
  });
});
