import * as fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { beatOf } from '../testing/beat-of.js';
import { modelSeat, type SeatBook } from '../testing/seat-model.js';
import { type TestEnvironment, testEnvironment } from '../testing/test-environment.js';
import { waitFor } from '../testing/wait-for.js';
import type { NodeBeat } from './beat.js';
import { openPlacements, type Placements, type Seating } from './placements.js';
import { ALIVE_MS, BEATEN_KEY, NODES_KEY, openRegistry, type Registry } from './registry.js';

let environment: TestEnvironment;
let redis: Redis;
let placements: Placements;
let registry: Registry;

beforeAll(async () => {
  environment = await testEnvironment();
  redis = new Redis(environment.redisUrl);
  placements = openPlacements(redis);
  registry = openRegistry(redis);
});
afterAll(async () => {
  redis.disconnect();
  await environment.dispose();
});
beforeEach(async () => {
  await redis.flushdb();
});

describe('placing a call', () => {
  it('gives everybody who asks at once the same node and fence', async () => {
    await Promise.all(['a', 'b', 'c'].map((node) => registry.beat(beatOf(node))));
    const seats = await Promise.all(Array.from({ length: 40 }, (_, participant) => seat({ participant })));
    expect(new Set(seats.map((each) => `${each.node} ${each.fence}`)).size).toBe(1);
  });

  it('spreads a burst of calls over nodes of which it knows the same load', async () => {
    await Promise.all(['a', 'b', 'c', 'd'].map((node) => registry.beat(beatOf(node))));
    const seats = await Promise.all(
      Array.from({ length: 40 }, (_, n) => seat({ conversationId: `call-${n}` })),
    );
    for (const node of ['a', 'b', 'c', 'd'])
      expect(seats.filter((each) => each.node === node)).toHaveLength(10);
  });

  it('places a call anew, under a greater fence, when its node was not heard of for too long', async () => {
    await registry.beat(beatOf('a'));
    const before = await seat({});
    await registry.beat(beatOf('b'));
    await redis.zincrby(BEATEN_KEY, -ALIVE_MS - 1, 'a');
    const after = await seat({});
    expect(after.node).toBe('b');
    expect(after.fence).toBeGreaterThan(before.fence);
  });

  it.each([
    ['no JSON', '{'],
    ['no object', '1'],
    ['without a load', '{"node":"a","region":"","state":"ready","comfortable":50}'],
    [
      'a load of words',
      '{"node":"a","state":"ready","comfortable":50,"load":{"cpu":"much","consumers":0,"bitrate":0}}',
    ],
    ['without a comfortable number', JSON.stringify({ ...beatOf('a'), comfortable: undefined })],
  ])('passes over a node whose beat is %s', async (_, text) => {
    await registry.beat(beatOf('a'));
    await redis.hset(NODES_KEY, 'a', text);
    expect(await ask({})).toEqual({ tag: 'nobody' });
    await registry.beat(beatOf('b'));
    expect((await seat({})).node).toBe('b');
  });

  it('leaves a call at a node that drains until somebody says it is to be left', async () => {
    await registry.beat(beatOf('a'));
    const before = await seat({});
    await registry.beat({ ...beatOf('a'), state: 'draining' });
    await registry.beat(beatOf('b'));
    expect(await seat({ participant: 2 })).toEqual(before);
    expect((await seat({ except: ['a'] })).node).toBe('b');
    expect((await seat({ conversationId: 'another' })).node).toBe('b');
  });

  it('gives a fence that grows also when Redis has lost everything', async () => {
    await registry.beat(beatOf('a'));
    const before = await seat({});
    await waitFor(() => Date.now() > before.fence, { what: 'the next millisecond' });
    await redis.flushdb();
    await registry.beat(beatOf('a'));
    expect((await seat({})).fence).toBeGreaterThan(before.fence);
  });

  it('gives participants past the comfortable number of the core to edges, which are filled one after another', async () => {
    for (const node of ['a', 'b', 'c']) await registry.beat({ ...beatOf(node), comfortable: 2 });
    const nodes: string[] = [];
    for (let participant = 1; participant <= 9; participant++)
      nodes.push((await seat({ participant })).node as string);
    expect(nodes).toEqual(['a', 'a', 'b', 'b', 'c', 'c', 'a', 'b', 'c']);
    expect((await seat({ participant: 4 })).core).toBe('a');
    await placements.free('conversation', 1, 1);
    expect(await placements.read('conversation')).toMatchObject({ node: 'a', seats: { a: 2, b: 3, c: 3 } });
  });

  it('refuses what belongs to a call that a later one has followed', async () => {
    await registry.beat(beatOf('a'));
    await seat({ call: 7 });
    expect(await ask({ call: 5 })).toEqual({ tag: 'over' });
    await placements.free('conversation', 5);
    expect(await placements.read('conversation')).toMatchObject({ call: 7 });
  });

  it('does as the model does, whatever nodes there are and whoever asks', async () => {
    const nodeNames = ['a', 'b', 'c', 'd'];
    const world = fc.uniqueArray(
      fc.record({
        node: fc.constantFrom(...nodeNames),
        region: fc.constantFrom('north', 'south'),
        http: fc.constant(''),
        state: fc.constantFrom('starting', 'ready', 'ready', 'ready', 'draining') as fc.Arbitrary<
          NodeBeat['state']
        >,
        comfortable: fc.integer({ min: 1, max: 3 }),
        load: fc.record({
          cpu: fc.double({ min: 0, max: 1, noNaN: true }),
          consumers: fc.integer({ min: 0, max: 3_000 }),
          participants: fc.constant(0),
          calls: fc.constant(0),
          bitrate: fc.integer({ min: 0, max: 2_000_000_000 }),
        }),
      }),
      { selector: ({ node }) => node, maxLength: 4 },
    );
    const question = fc.record({
      conversationId: fc.constant('conversation'),
      call: fc.constantFrom(3, 3, 3, 3, 4),
      participant: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined, freq: 8 }),
      region: fc.constantFrom('north', 'south'),
      known: fc.boolean(),
      except: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.subarray(nodeNames, { maxLength: 2 })),
    });
    const plain = question.map(({ participant, ...rest }) =>
      participant === undefined ? rest : { ...rest, participant },
    );
    const step = fc.oneof({ weight: 1, arbitrary: world }, { weight: 4, arbitrary: plain });

    await fc.assert(
      fc.asyncProperty(world, fc.array(step, { maxLength: 25 }), async (first, steps) => {
        await redis.flushdb();
        let book: SeatBook = { nodes: [], given: new Map(), record: undefined };
        for (const each of [first, ...steps]) {
          if (Array.isArray(each)) {
            for (const { node } of book.nodes) await registry.leave(node);
            for (const beat of each) await registry.beat(beat);
            book = { ...book, nodes: each, given: new Map() };
            continue;
          }
          const seating = await placements.seat(each);
          const fence = seating.tag === 'seated' ? seating.seat.fence : 0;
          // The script's clock is Redis's: a fence that it gave anew is the time, or above the one before.
          const model = modelSeat(book, each, fence);
          expect(seating).toEqual(model.seating);
          const before = book.record?.fence ?? 0;
          if (seating.tag === 'seated' && seating.why === 'kept') expect(fence).toBe(before);
          else if (seating.tag === 'seated') expect(fence).toBeGreaterThan(before);
          book = model.book;
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('what nodes say about their calls', () => {
  const placement = { conversationId: 'conversation', call: 1, node: 'a', fence: 100 };
  const carried = { by: 'a', here: [] };

  it('is put there again where Redis has lost it', async () => {
    expect(await placements.keep(placement, carried)).toEqual(placement);
    await registry.beat(beatOf('a'));
    await registry.beat(beatOf('b'));
    expect(await seat({})).toEqual(placement);
  });

  it('never replaces a newer placement, whatever comes in which order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            call: fc.integer({ min: 1, max: 2 }),
            node: fc.constantFrom('a', 'b'),
            fence: fc.integer({ min: 1, max: 9 }),
          }),
          { minLength: 1, maxLength: 8 },
        ),
        async (said) => {
          await redis.flushdb();
          let newest = { call: 0, node: '', fence: 0 };
          for (const each of said) {
            const isNewer =
              each.call > newest.call || (each.call === newest.call && each.fence > newest.fence);
            if (isNewer) newest = each;
            expect(
              await placements.keep({ conversationId: 'conversation', ...each }, { by: each.node, here: [] }),
            ).toEqual({
              conversationId: 'conversation',
              ...newest,
            });
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('counts who is there without a seat, on the core and on edges, and nobody twice', async () => {
    await registry.beat({ ...beatOf('a'), comfortable: 2 });
    await registry.beat({ ...beatOf('b'), comfortable: 2 });
    expect(await placements.keep(placement, { by: 'b', here: [3, 4] })).toEqual(placement);
    await placements.keep(placement, { by: 'a', here: [1] });
    for (let times = 0; times < 2; times++) {
      await placements.keep(placement, { by: 'a', here: [1, 3] });
      expect(await placements.read('conversation')).toMatchObject({ node: 'a', seats: { a: 1, b: 2 } });
    }
    expect([await seat({ participant: 3 }), await seat({ participant: 2 })]).toMatchObject([
      { node: 'b', core: 'a' },
      { node: 'a' },
    ]);
    await placements.keep(placement, { by: 'b', here: [3, 4, 5], participants: [1, 2, 3] });
    expect(await placements.read('conversation')).toMatchObject({ seats: { a: 2, b: 1 } });
  });

  it('counts nobody who is where the call was before', async () => {
    await placements.keep({ ...placement, node: 'b', fence: 101 }, { by: 'b', here: [1] });
    await placements.keep(placement, { by: 'a', here: [1, 2] });
    expect(await placements.read('conversation')).toMatchObject({ node: 'b', seats: { b: 1 } });
  });

  it('frees the seats of who is not in the call any more', async () => {
    await registry.beat(beatOf('a'));
    const { fence } = await seat({ participant: 1 });
    await seat({ participant: 2 });
    await placements.keep({ ...placement, fence }, { ...carried, participants: [2] });
    expect(await placements.read('conversation')).toMatchObject({ seats: { a: 1 } });
  });
});

describe('the registry', () => {
  it('says whether a node is new to Redis, so that it puts there what it has', async () => {
    expect(await registry.beat(beatOf('a'))).toEqual({ isNew: true });
    expect(await registry.beat(beatOf('a'))).toEqual({ isNew: false });
    await redis.zincrby(BEATEN_KEY, -ALIVE_MS - 1, 'a');
    expect(await registry.beat(beatOf('a'))).toEqual({ isNew: true });
  });

  it('lists nodes with the age of their beat, and those not of which nothing was heard for a minute', async () => {
    await registry.beat(beatOf('a'));
    await registry.beat(beatOf('b'));
    await redis.zincrby(BEATEN_KEY, -30_000, 'a');
    const known = await registry.read();
    expect(known.map(({ beat }) => beat.node).sort()).toEqual(['a', 'b']);
    expect(known.find(({ beat }) => beat.node === 'a')?.ageMs).toBeGreaterThanOrEqual(30_000);
    await redis.zincrby(BEATEN_KEY, -31_000, 'a');
    await registry.beat(beatOf('b'));
    expect((await registry.read()).map(({ beat }) => beat.node)).toEqual(['b']);
  });
});

type Ask = {
  conversationId?: string;
  call?: number;
  participant?: number;
  region?: string;
  except?: readonly string[];
};

const ask = ({
  conversationId = 'conversation',
  call = 1,
  participant = 1,
  region = 'north',
  except = [],
}: Ask): Promise<Seating> => placements.seat({ conversationId, call, participant, region, except });

async function seat(question: Ask) {
  const seating = await ask(question);
  if (seating.tag !== 'seated') throw new Error(`nobody took it: ${seating.tag}`);
  return seating.seat;
}
