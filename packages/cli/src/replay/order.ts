import type { Logged } from './logged.js';
import type { Run } from './run.js';

/** One after the other. */
export async function* inTurn(readers: readonly AsyncIterable<Run>[]): AsyncGenerator<Run> {
  for (const reader of readers) yield* reader;
}

/** Events told at once, at most. */
const MOST = 1_000;

type Head = { readonly reader: AsyncIterator<Run>; run: Run; index: number };

/**
 * Merged by the events' time, of equal ones the lower partition first; within a partition the order is the log's. A run of each
 * reader is held.
 */
export async function* mergedByTime(readers: readonly AsyncIterable<Run>[]): AsyncGenerator<Run> {
  const passed = new Map<number, number>();
  const heads = (
    await Promise.all(
      readers.map((reader) => refill({ reader: reader[Symbol.asyncIterator](), run: NOTHING, index: 0 })),
    )
  ).filter((head) => head !== undefined);
  let events: Logged[] = [];
  try {
    while (heads.length > 0) {
      const head = earliest(heads);
      const event = head.run.events[head.index++] as Logged;
      events.push(event);
      passed.set(event.partition, event.streamSeq);
      if (head.index === head.run.events.length && (await refill(head)) === undefined)
        heads.splice(heads.indexOf(head), 1);
      if (events.length < MOST) continue;
      yield { events, passed: new Map(passed) };
      events = [];
    }
    yield { events, passed };
  } finally {
    await Promise.all(heads.map(({ reader }) => reader.return?.()));
  }

  /** Its next events; undefined when there are none. A run without any was passed as well. */
  async function refill(head: Head): Promise<Head | undefined> {
    for (;;) {
      for (const [partition, streamSeq] of head.run.passed) passed.set(partition, streamSeq);
      const next = await head.reader.next();
      if (next.done) return undefined;
      head.run = next.value;
      head.index = 0;
      if (head.run.events.length > 0) return head;
    }
  }
}

const NOTHING: Run = { events: [], passed: new Map() };

function earliest(heads: readonly Head[]): Head {
  let first = heads[0] as Head;
  for (const head of heads) if (timeOf(head) < timeOf(first)) first = head;
  return first;
}

const timeOf = ({ run, index }: Head): number => (run.events[index] as Logged).event.at;

/** Whichever comes first. Each reader waits with its next run until the one before was taken. */
export async function* asTheyCome(readers: readonly AsyncIterable<Run>[]): AsyncGenerator<Run> {
  const ready: { readonly run: Run; readonly taken: () => void }[] = [];
  let reading = readers.length;
  let isOver = false;
  let failure: { readonly error: unknown } | undefined;
  let wake: () => void = () => undefined;
  for (const reader of readers) void pump(reader);
  try {
    for (;;) {
      const next = ready.shift();
      if (next !== undefined) {
        yield next.run;
        next.taken();
      } else if (failure !== undefined) throw failure.error;
      else if (reading === 0) return;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    isOver = true;
    for (const { taken } of ready) taken();
  }

  async function pump(reader: AsyncIterable<Run>): Promise<void> {
    try {
      for await (const run of reader) {
        if (isOver) return;
        await new Promise<void>((taken) => {
          ready.push({ run, taken });
          wake();
        });
      }
    } catch (error) {
      failure ??= { error };
    } finally {
      reading--;
      wake();
    }
  }
}
