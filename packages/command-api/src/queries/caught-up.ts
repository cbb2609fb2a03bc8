import { setTimeout as sleep } from 'node:timers/promises';
import type { JetStreamManager } from '@nats-io/jetstream';
import { firstAfter, nameOfStream, type ProjectedStream } from '@parley/infra/log/projected-stream';
import type { ServedVersion } from '@parley/infra/read-model/served-version';
import { steadyNow } from '@parley/infra/runtime/steady-now';
import { type Queryable, rowsOf } from '../read/queryable.js';
import { ifSoon } from './if-soon.js';

/**
 * Waits until the rows have all that the log had when it was asked, a moment at most. How many events and receipts they still
 * had not; 1 where log or rows cannot be asked, for then nobody can say that they have all.
 */
export type CaughtUp = () => Promise<number>;

const UNKNOWN = 1;

/** How long the rows are waited for, in ms, and how often they are looked at. A projector at work is 20 to 40 ms behind. */
const PATIENCE = 250;
const STEP = 10;

export type CatchUpResources = {
  readonly jsm: JetStreamManager;
  readonly partitions: number;
  readonly database: Queryable;
  readonly served: Pick<ServedVersion, 'read'>;
};

/** Who asks while others wait is answered by the next round, together with all who asked by then. */
export function openCatchUp(resources: CatchUpResources): CaughtUp {
  let running: Promise<number> | undefined;
  let next: Promise<number> | undefined;

  function begin(): Promise<number> {
    next = undefined;
    const round = catchUp(resources)
      .catch(() => UNKNOWN)
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

async function catchUp(resources: CatchUpResources): Promise<number> {
  const heads = await ifSoon(headsOf(resources), PATIENCE);
  if (heads === undefined) return UNKNOWN;
  const deadline = steadyNow() + PATIENCE;
  let behind = await withoutHollowEnds(resources, await lagging(resources, heads));
  while (behind.length > 0 && steadyNow() < deadline) {
    await sleep(STEP);
    behind = await lagging(resources, behind);
  }
  return behind.reduce((sum, { seq, reached }) => sum + seq - reached, 0);
}

type Head = ProjectedStream & { readonly seq: number };

/** One that the rows have not reached, and how far they are. */
type Lagging = Head & { readonly reached: number };

async function headsOf({ jsm, partitions }: CatchUpResources): Promise<readonly Head[]> {
  const head = async (projection: ProjectedStream['projection'], partition: number): Promise<Head> => {
    const { state } = await jsm.streams.info(nameOfStream({ projection, partition }));
    return { projection, partition, seq: state.last_seq };
  };
  const all = Array.from({ length: partitions }, (_, partition) => partition);
  return Promise.all(all.flatMap((partition) => [head('timeline', partition), head('receipts', partition)]));
}

async function lagging(
  { database, served }: CatchUpResources,
  heads: readonly Head[],
): Promise<readonly Lagging[]> {
  if (heads.length === 0) return [];
  const rows = await served.read(({ schema }) =>
    rowsOf(database, { name: `behind-${schema}`, text: behindSql(schema) }, [
      heads.map(({ projection }) => projection),
      heads.map(({ partition }) => partition),
      heads.map(({ seq }) => seq),
    ]),
  );
  return rows.map(([place, reached]) => ({
    ...(heads[Number(place) - 1] as Head),
    reached: Number(reached),
  }));
}

const behindSql = (schema: string): string => `
  select h.place, coalesce(c.stream_seq, 0)
  from unnest($1::text[], $2::int[], $3::bigint[]) with ordinality as h (projection, partition, seq, place)
  left join ${schema}.checkpoint c on c.projection = h.projection and c.partition = h.partition
  where h.seq > coalesce(c.stream_seq, 0)`;

/**
 * A stream counts on where its newest messages were taken out of it, as receipts are when what they tell of is erased: rows that have
 * all before that never come further. (After an event that is taken out there always is the one that says so.)
 */
async function withoutHollowEnds(
  { jsm }: CatchUpResources,
  behind: readonly Lagging[],
): Promise<readonly Lagging[]> {
  const isThere = async ({ reached, ...of }: Lagging): Promise<boolean> =>
    (await firstAfter(jsm, of, reached)) !== undefined;
  const there = await ifSoon(Promise.all(behind.map(isThere)), PATIENCE);
  return there === undefined ? behind : behind.filter((_, index) => there[index]);
}
