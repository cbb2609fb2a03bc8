import { setTimeout as sleep } from 'node:timers/promises';
import type { JetStreamManager } from '@nats-io/jetstream';
import { receiptStreamName, streamName } from '@parley/infra/log/subjects';
import { type Queryable, rowsOf } from '../read/queryable.js';
import { ifSoon } from './if-soon.js';

/**
 * Waits until the rows have all that the log had when it was asked, a moment at most. How many events and receipts they still
 * had not; undefined where log or rows cannot be asked.
 */
export type CaughtUp = () => Promise<number | undefined>;

/** How long the rows are waited for, in ms, and how often they are looked at. A projector at work is 20 to 40 ms behind. */
const PATIENCE = 250;
const STEP = 10;

export type CatchUpResources = {
  readonly jsm: JetStreamManager;
  readonly partitions: number;
  readonly database: Queryable;
  readonly schema: () => Promise<string>;
};

/** Who asks while others wait is answered by the next round, together with all who asked by then. */
export function openCatchUp(resources: CatchUpResources): CaughtUp {
  let running: Promise<number | undefined> | undefined;
  let next: Promise<number | undefined> | undefined;

  function begin(): Promise<number | undefined> {
    next = undefined;
    const round = catchUp(resources)
      .catch(() => undefined)
      .finally(() => {
        running = undefined;
      });
    running = round;
    return round;
  }

  return () => {
    if (running === undefined) return begin();
    next ??= running.then(begin);
    return next;
  };
}

async function catchUp(resources: CatchUpResources): Promise<number | undefined> {
  const heads = await ifSoon(headsOf(resources), PATIENCE);
  if (heads === undefined) return undefined;
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const behind = await distance(resources, heads);
    if (behind === 0 || Date.now() >= deadline) return behind;
    await sleep(STEP);
  }
}

type Head = {
  readonly projection: 'timeline' | 'receipts';
  readonly partition: number;
  readonly seq: number;
};

async function headsOf({ jsm, partitions }: CatchUpResources): Promise<readonly Head[]> {
  const head = async (projection: Head['projection'], partition: number): Promise<Head> => {
    const stream = projection === 'timeline' ? streamName(partition) : receiptStreamName(partition);
    return { projection, partition, seq: (await jsm.streams.info(stream)).state.last_seq };
  };
  const all = Array.from({ length: partitions }, (_, partition) => partition);
  return Promise.all(all.flatMap((partition) => [head('timeline', partition), head('receipts', partition)]));
}

async function distance({ database, schema }: CatchUpResources, heads: readonly Head[]): Promise<number> {
  const name = await schema();
  const rows = await rowsOf(
    database,
    {
      name: `behind-${name}`,
      text: `select coalesce(sum(greatest(0, h.seq - coalesce(c.stream_seq, 0))), 0)
        from unnest($1::text[], $2::int[], $3::bigint[]) as h (projection, partition, seq)
        left join ${name}.checkpoint c on c.projection = h.projection and c.partition = h.partition`,
    },
    [
      heads.map(({ projection }) => projection),
      heads.map(({ partition }) => partition),
      heads.map(({ seq }) => seq),
    ],
  );
  return Number(rows[0]?.[0]);
}
