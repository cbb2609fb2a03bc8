import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { DueFigures } from './due-conversation.js';
import type { Ended } from './end-due.js';

export type ExpiryMetrics = {
  /** An event that is in the log `lateMs` after the first of what it ends was due. */
  ended(ended: Ended, lateMs: number): void;
  roundFailed(): void;
};

/** What is due now, in ms; undefined while Postgres is away. */
export type Figures = () => Promise<(DueFigures & { readonly now: number }) | undefined>;

export function expiryMetrics(registry: Registry, figures: Figures): ExpiryMetrics {
  const registers = [registry];
  const oldest = new Gauge({
    name: 'parley_expiry_oldest_due_seconds',
    help: 'How long something has been due in the rows that has no tombstone there; 0 without any.',
    registers,
  });
  const held = new Gauge({
    name: 'parley_expiry_held_conversations',
    help: 'Conversations of these partitions on legal hold: nothing in them expires.',
    registers,
  });
  new Gauge({
    name: 'parley_expiry_due_conversations',
    help: 'Conversations with something due in the rows that has no tombstone there; 100,000 or more show as 100,000.',
    registers,
    // Asked of the rows when somebody looks, so that what nobody schedules is seen too.
    async collect() {
      const found = await figures().catch(() => undefined);
      if (found === undefined) return;
      this.set(found.due);
      held.set(found.held);
      oldest.set(found.oldest === undefined ? 0 : Math.max(0, found.now - found.oldest) / 1_000);
    },
  });
  const late = new Histogram({
    name: 'parley_expiry_late_seconds',
    help: 'Time from when a conversation had something due to its tombstone in the log.',
    buckets: [0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 60, 600, 3_600],
    registers,
  });
  const events = new Counter({
    name: 'parley_expiry_events_total',
    help: 'Events appended because something was due, by their type.',
    labelNames: ['type'],
    registers,
  });
  const outcomes = new Counter({
    name: 'parley_expiry_outcomes_total',
    help: 'What became of conversations with something due: ended, settled by others, busy, failed.',
    labelNames: ['outcome'],
    registers,
  });
  const conflicts = new Counter({
    name: 'parley_expiry_conflicts_total',
    help: 'Times something came to a conversation between the decision and its append.',
    registers,
  });
  const failures = new Counter({
    name: 'parley_expiry_failed_rounds_total',
    help: 'Rounds that could not read the rows.',
    registers,
  });
  return {
    ended(ended, lateMs) {
      outcomes.inc({ outcome: ended.tag });
      conflicts.inc(ended.conflicts);
      if (ended.tag !== 'ended') return;
      events.inc({ type: ended.event.type });
      late.observe(Math.max(0, lateMs) / 1_000);
    },
    roundFailed: () => failures.inc(),
  };
}
