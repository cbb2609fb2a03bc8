import { schemaOf } from '@parley/infra/read-model/schema-name';
import { listVersions, type VersionsDatabase } from '@parley/infra/read-model/versions';
import { Gauge, type Registry } from 'prom-client';
import type { ProjectionName } from '../checkpoint.js';

/** What stands still in a partition of a build. */
export type ParkedFigures = {
  readonly version: number;
  readonly projection: ProjectionName;
  readonly partition: number;
  readonly letters: number;
  readonly conversations: number;
  readonly waiting: number;
  /** For how long the first of them has stood still, in s. */
  readonly oldest: number;
};

/**
 * What an operator watches of events that could not be taken: of all builds and processes together, asked of the database when somebody
 * looks. Each gauge asks, because they are read in any order; all that are read at once have one answer.
 */
export function parkedMetrics(registry: Registry, database: VersionsDatabase): void {
  let asked: Promise<readonly ParkedFigures[] | undefined> | undefined;
  const ask = () => {
    asked ??= readFigures(database)
      .catch(() => undefined)
      .finally(() => {
        asked = undefined;
      });
    return asked;
  };
  const gauge = (name: string, help: string, figureOf: (figures: ParkedFigures) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['version', 'projection', 'partition'],
      registers: [registry],
      async collect() {
        const all = await ask();
        if (all === undefined) return;
        this.reset();
        for (const figures of all) {
          const { version, projection, partition } = figures;
          this.set({ version: String(version), projection, partition: String(partition) }, figureOf(figures));
        }
      },
    });
  gauge(
    'parley_dead_letters',
    'Events that could not be taken and that nobody has retried with success or dropped.',
    ({ letters }) => letters,
  );
  gauge(
    'parley_dead_letters_oldest_seconds',
    'For how long the oldest of those has been one.',
    ({ oldest }) => oldest,
  );
  gauge(
    'parley_parked_conversations',
    'Conversations whose rows stand still behind an event that could not be taken.',
    ({ conversations }) => conversations,
  );
  gauge(
    'parley_parked_waiting_events',
    'Events that wait in the log behind those that could not be taken.',
    ({ waiting }) => waiting,
  );
}

/** Of every build that is not being dropped, where there is anything. */
export async function readFigures(database: VersionsDatabase): Promise<readonly ParkedFigures[]> {
  const figures: ParkedFigures[] = [];
  for (const { version, state } of await listVersions(database)) {
    if (state === 'dropping') continue;
    const schema = schemaOf(version);
    const { rows } = await database.query<Omit<ParkedFigures, 'version'>>(
      `select coalesce(d.projection, 'timeline') as projection, coalesce(d.partition, p.partition) as partition,
         count(d.stream_seq)::int as letters, count(p.conversation_id)::int as conversations,
         coalesce(sum(p.waiting), 0)::float8 as waiting,
         extract(epoch from now() - min(coalesce(p.parked_at, d.parked_at)))::float8 as oldest
       from ${schema}.dead_letter d
       full join ${schema}.parked_conversation p
         on d.projection = 'timeline' and d.partition = p.partition and d.stream_seq = p.stream_seq
       group by 1, 2`,
    );
    for (const row of rows) figures.push({ version, ...row });
  }
  return figures;
}
