import { describe, expect, it } from 'vitest';
import type { Logged } from './logged.js';
import { paced, pauseBetween } from './pace.js';
import type { Run } from './run.js';

const at = (streamSeq: number, time: number) =>
  ({ partition: 0, streamSeq, event: { at: time }, json: undefined }) as Logged;

async function* once(run: Run): AsyncGenerator<Run> {
  yield run;
}

describe('events at their pace', () => {
  it('are as far apart as they were, divided by the speed, up to a bound, and never before what came first', () => {
    expect(pauseBetween(1_000, 3_000, 1)).toBe(2_000);
    expect(pauseBetween(1_000, 3_000, 10)).toBe(200);
    expect(pauseBetween(1_000, 1_100, 0.5)).toBe(200);
    expect(pauseBetween(0, 86_400_000, 10)).toBe(10_000);
    expect(pauseBetween(3_000, 1_000, 1)).toBe(0);
  });

  it('are told in order, and passed only when they are told', async () => {
    const run = { events: [at(1, 0), at(2, 1_000), at(3, 1_000), at(4, 9_000)], passed: new Map([[0, 7]]) };
    const told: Run[] = [];
    for await (const part of paced(once(run), 1_000, new AbortController().signal)) told.push(part);
    expect(told.flatMap(({ events }) => events)).toStrictEqual(run.events);
    for (const { events, passed } of told.slice(0, -1)) expect(passed.get(0)).toBe(events.at(-1)?.streamSeq);
    expect(told.at(-1)?.passed).toStrictEqual(run.passed);
  });

  it('end at once when they are interrupted in a pause', async () => {
    const stop = new AbortController();
    const run = { events: [at(1, 0), at(2, 9_000_000)], passed: new Map([[0, 2]]) };
    const told: Run[] = [];
    for await (const part of paced(once(run), 1, stop.signal)) {
      told.push(part);
      setImmediate(() => stop.abort());
    }
    expect(told).toMatchObject([{ events: [{ streamSeq: 1 }], passed: new Map([[0, 1]]) }]);
  });
});
