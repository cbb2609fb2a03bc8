import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Share } from './checkpoint.js';

export type BatchFigures = {
  readonly events: number;
  readonly parked: number;
  readonly seconds: number;
  /** Messages behind the batch in the log. */
  readonly pending: number;
  /** When the newest of the batch was stored, in ms. */
  readonly newestStoredAt: number;
};

export type ProjectorMetrics = {
  committed(share: Share, figures: BatchFigures): void;
  claimed(share: Share): void;
  released(share: Share): void;
  failed(share: Share): void;
  cacheFailed(): void;
};

const labels = ['projection', 'partition'] as const;

/** What an operator watches of a projector, per share: how far it is behind, how fast it goes, what it had to park. */
export function projectorMetrics(registry: Registry): ProjectorMetrics {
  const registers = [registry];
  const events = new Counter({
    name: 'parley_projector_events_total',
    help: 'Messages of the log that were committed to the read model.',
    labelNames: labels,
    registers,
  });
  const parked = new Counter({
    name: 'parley_projector_dead_letters_total',
    help: 'Messages that could not be projected and were parked.',
    labelNames: labels,
    registers,
  });
  const lag = new Gauge({
    name: 'parley_projector_lag_events',
    help: 'Messages in the log behind the checkpoint, when the newest batch was read.',
    labelNames: labels,
    registers,
  });
  const lagSeconds = new Gauge({
    name: 'parley_projector_lag_seconds',
    help: 'Age of the newest committed message, when it was committed; 0 when nothing is behind it.',
    labelNames: labels,
    registers,
  });
  const size = new Histogram({
    name: 'parley_projector_batch_events',
    help: 'Messages per transaction.',
    labelNames: ['projection'],
    buckets: [1, 3, 10, 30, 100, 300, 1_000, 4_000],
    registers,
  });
  const duration = new Histogram({
    name: 'parley_projector_batch_seconds',
    help: 'Time to fold and commit a batch.',
    labelNames: ['projection'],
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
    registers,
  });
  const owned = new Gauge({
    name: 'parley_projector_owned',
    help: '1 for each share this process works on.',
    labelNames: labels,
    registers,
  });
  const failures = new Counter({
    name: 'parley_projector_failures_total',
    help: 'Times work on a share ended by a failure and began anew.',
    labelNames: labels,
    registers,
  });
  const cacheFailures = new Counter({
    name: 'parley_projector_cache_failures_total',
    help: 'Times the newest pages or memberships could not be written to Redis.',
    registers,
  });
  const of = ({ projection, partition }: Share) => ({ projection, partition: String(partition) });

  return {
    committed(share, figures) {
      events.inc(of(share), figures.events);
      if (figures.parked > 0) parked.inc(of(share), figures.parked);
      lag.set(of(share), figures.pending);
      lagSeconds.set(of(share), figures.pending === 0 ? 0 : (Date.now() - figures.newestStoredAt) / 1_000);
      size.observe({ projection: share.projection }, figures.events);
      duration.observe({ projection: share.projection }, figures.seconds);
    },
    claimed: (share) => owned.set(of(share), 1),
    released: (share) => {
      owned.set(of(share), 0);
      lag.remove(of(share));
      lagSeconds.remove(of(share));
    },
    failed: (share) => failures.inc(of(share)),
    cacheFailed: () => cacheFailures.inc(),
  };
}
