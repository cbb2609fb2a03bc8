import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Logged } from './logged.js';
import { asTheyCome, mergedByTime } from './order.js';
import type { Run } from './run.js';

const logged = (partition: number, streamSeq: number, at: number) =>
  ({ partition, streamSeq, event: { at }, json: undefined }) as Logged;

async function* runsOf(runs: readonly Run[]): AsyncGenerator<Run> {
  for (const run of runs) yield run;
}

/** The runs of a partition whose events have these times, cut anywhere, some of them empty. */
function partitionOf(partition: number, batches: readonly (readonly number[])[]): readonly Run[] {
  let streamSeq = 0;
  return batches.map((times) => {
    const events = times.map((at) => logged(partition, ++streamSeq, at));
    // Behind each there is one that is not wanted.
    return { events, passed: new Map([[partition, ++streamSeq]]) };
  });
}

const batches = fc.array(fc.array(fc.nat(50), { maxLength: 6 }), { maxLength: 5 });

async function collected(runs: AsyncIterable<Run>) {
  const all: Run[] = [];
  for await (const run of runs) all.push(run);
  return { runs: all, events: all.flatMap(({ events }) => events) };
}

describe('events merged by their time', () => {
  it('are those of all partitions, each in its own order, and sorted where each is', async () => {
    const sorted = fc.boolean();
    await fc.assert(
      fc.asyncProperty(fc.array(batches, { maxLength: 4 }), sorted, async (partitions, areSorted) => {
        const parts = partitions.map((each, partition) => {
          const times = each.flat().sort((a, b) => a - b);
          return partitionOf(partition, areSorted ? each.map(({ length }) => times.splice(0, length)) : each);
        });
        const { events, runs } = await collected(mergedByTime(parts.map(runsOf)));
        for (const [partition, part] of parts.entries()) {
          const own = part.flatMap((run) => run.events);
          expect(events.filter((event) => event.partition === partition)).toStrictEqual(own);
          const end = part.at(-1)?.passed.get(partition);
          expect(runs.at(-1)?.passed.get(partition)).toBe(end);
        }
        const times = events.map(({ event }) => event.at);
        if (areSorted) expect(times).toStrictEqual(times.toSorted((a, b) => a - b));
      }),
    );
  });

  it('never count an event as passed that was not told', async () => {
    const many = Array.from({ length: 700 }, (_, n) => n);
    const parts = [0, 1, 2].map((partition) => partitionOf(partition, [many, many]));
    const told = new Map<number, number>();
    for await (const { events, passed } of mergedByTime(parts.map(runsOf))) {
      for (const { partition, streamSeq } of events) told.set(partition, streamSeq);
      for (const [partition, streamSeq] of passed)
        expect(streamSeq - (told.get(partition) ?? 0)).toBeLessThan(2);
    }
    expect([...told.values()]).toStrictEqual([1_401, 1_401, 1_401]);
  });

  it('lets go of what it reads when nobody wants more', async () => {
    let isClosed = false;
    async function* endless(): AsyncGenerator<Run> {
      try {
        for (let n = 1; ; n++) yield { events: [logged(0, n, n)], passed: new Map([[0, n]]) };
      } finally {
        isClosed = true;
      }
    }
    for await (const _ of mergedByTime([endless()])) break;
    expect(isClosed).toBe(true);
  });
});

describe('events as they come', () => {
  it('are those of all partitions, each in its own order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(batches, { maxLength: 4 }), async (partitions) => {
        const parts = partitions.map((each, partition) => partitionOf(partition, each));
        const { events } = await collected(asTheyCome(parts.map(runsOf)));
        for (const [partition, part] of parts.entries())
          expect(events.filter((event) => event.partition === partition)).toStrictEqual(
            part.flatMap((run) => run.events),
          );
      }),
    );
  });

  it('end with the error of one of them', async () => {
    async function* failing(): AsyncGenerator<Run> {
      yield { events: [], passed: new Map() };
      throw new Error('gone');
    }
    await expect(collected(asTheyCome([runsOf([]), failing()]))).rejects.toThrow('gone');
  });
});
