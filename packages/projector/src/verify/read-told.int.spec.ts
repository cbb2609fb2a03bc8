import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bigLog } from '../testing/big-log.js';
import { type Builds, openBuilds } from '../testing/verify-fixture.js';
import type { Told } from './expected-rows.js';
import type { Extent } from './extent.js';
import { toldOf, toldOfPartition } from './read-told.js';

async function passesOf<A>(passes: AsyncIterable<A>): Promise<readonly A[]> {
  const all: A[] = [];
  for await (const pass of passes) all.push(pass);
  return all;
}

describe('what the log says of a partition', () => {
  let builds: Builds;
  let extent: Extent;
  const log = bigLog(30);

  beforeAll(async () => {
    builds = await openBuilds(1);
    await builds.given(log);
    for (let n = 0; n < 50; n++) await builds.moved(`long-${n % 4}`, 'ann', n + 1, n, 1_000 + n);
    const place = { timeline: log.length, receipts: 50 };
    extent = { partition: 0, place, parked: new Map(), dropped: new Map() };
  });
  afterAll(() => builds.close());

  const summary = ({ told, receipts }: Told) => ({
    id: told.history.conversationId,
    revision: told.history.revision,
    messages: told.history.timeline.size,
    digest: told.digest,
    moves: [...receipts].map(([user, { moves }]) => [user, moves.length]),
  });
  const byId = (some: readonly ReturnType<typeof summary>[]) =>
    some.toSorted((a, b) => (a.id < b.id ? -1 : 1));

  it('is the same in one pass and in many, none of which holds much', async () => {
    const passes: ReturnType<typeof summary>[][] = [];
    for await (const some of toldOfPartition(builds.resources, extent, 200))
      passes.push([...some.values()].map(summary));
    const [whole, ...none] = await passesOf(toldOfPartition(builds.resources, extent));
    expect(none).toEqual([]);
    expect(passes.length).toBeGreaterThan(5);
    expect(Math.max(...passes.map((some) => some.length))).toBeLessThan((whole?.size ?? 0) / 2);
    expect(byId(passes.flat())).toEqual(byId([...(whole?.values() ?? [])].map(summary)));
  });

  it('is the same of one conversation that is read alone', async () => {
    const [whole] = await passesOf(toldOfPartition(builds.resources, extent));
    for (const id of ['long-1', 'long-3', 'short-7'])
      expect(summary(await toldOf(builds.resources, extent, id))).toEqual(summary(whole?.get(id) as Told));
  });

  it('ends where the rows are, and before what stands still', async () => {
    const half = { ...extent, place: { timeline: Math.floor(log.length / 2), receipts: 10 } };
    const { told, receipts } = await toldOf(builds.resources, half, 'long-1');
    const before = log
      .slice(0, half.place.timeline)
      .filter(({ conversationId }) => conversationId === 'long-1');
    expect(told.history.revision).toBe(before.length);
    expect(receipts.get('ann')).toMatchObject({ moves: expect.any(Array), isLater: true });
    expect(receipts.get('ann')?.moves.length).toBeLessThan(4);
    const third = log.findIndex(({ id }) => id === 'long-1:3') + 1;
    const parked = await toldOf(
      builds.resources,
      { ...extent, parked: new Map([['long-1', third]]) },
      'long-1',
    );
    expect(parked.told.history.revision).toBe(2);
  });
});
