import type { ErasureJob } from '@parley/infra/erasure/job';
import { Counter, Gauge, type Registry } from 'prom-client';

export type ErasureMetrics = {
  /** What became of a job this time. */
  ended(kind: ErasureJob['kind'] | 'unreadable', outcome: string): void;
  /** How many erased conversations have rows left in a build. */
  unswept(version: number, conversations: number): void;
};

/** What is asked when somebody looks. */
export type ErasureFigures = {
  /** Jobs in the queue, and those of them that were tried before. */
  readonly backlog: () => Promise<{ readonly waiting: number; readonly tried: number }>;
  /** Gaps that nothing has claimed, per partition. */
  readonly gaps: () => Promise<ReadonlyMap<number, number>>;
};

/** What an operator watches of erasing: what waits, what is tried in vain, and what the log lacks without an erasure that says so. */
export function erasureMetrics(registry: Registry, { backlog, gaps }: ErasureFigures): ErasureMetrics {
  const registers = [registry];
  const tried = new Gauge({
    name: 'parley_erasures_tried',
    help: 'Jobs in the queue of erasures that were tried before and could not be done yet.',
    registers,
  });
  new Gauge({
    name: 'parley_erasures_waiting',
    help: 'Jobs in the queue of erasures, of all processes together.',
    registers,
    async collect() {
      const now = await backlog().catch(() => undefined);
      if (now === undefined) return;
      this.set(now.waiting);
      tried.set(now.tried);
    },
  });
  new Gauge({
    name: 'parley_projector_gaps',
    help: 'Sequences missing in the log that no erasure has claimed: 0 when the rows are up to date, or something was lost.',
    labelNames: ['partition'],
    registers,
    async collect() {
      const found = await gaps().catch(() => undefined);
      if (found === undefined) return;
      this.reset();
      for (const [partition, count] of found) this.set({ partition: String(partition) }, count);
    },
  });
  const outcomes = new Counter({
    name: 'parley_erasures_total',
    help: 'Tries at jobs of the queue of erasures, by what came of them.',
    labelNames: ['kind', 'outcome'],
    registers,
  });
  const unswept = new Gauge({
    name: 'parley_erased_conversations_with_rows',
    help: 'Erased conversations that had rows left when one looked last.',
    labelNames: ['version'],
    registers,
  });
  return {
    ended: (kind, outcome) => outcomes.inc({ kind, outcome }),
    unswept: (version, conversations) => unswept.set({ version: String(version) }, conversations),
  };
}
