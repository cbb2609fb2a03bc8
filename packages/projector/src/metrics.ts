import type { Lag } from '@parley/infra/log/projected-stream';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Share } from './checkpoint.js';

export type BatchFigures = {
  readonly events: number;
  readonly parked: number;
  readonly seconds: number;
};

export type ProjectorMetrics = {
  /** Of the shares of a build. */
  of(version: number): ShareMetrics;
  cacheFailed(): void;
  /** Moves of so many people in a conversation tell of nothing any more and were forgotten. */
  forgot(people: number): void;
};

export type ShareMetrics = {
  committed(share: Share, figures: BatchFigures): void;
  /** Where a share is: the newest message in its rows. */
  reached(share: Share, streamSeq: number): void;
  claimed(share: Share): void;
  released(share: Share): void;
  failed(share: Share): void;
};

const labels = ['version', 'projection', 'partition'] as const;

/** How far rows that have reached a stream sequence are behind the stream of their share. */
export type LagOf = (share: Share, streamSeq: number) => Promise<Pick<Lag, 'events' | 'seconds'>>;

type Reached = { readonly version: number; readonly share: Share; readonly streamSeq: number };

/** What an operator watches of a projector, per share: how far it is behind, how fast it goes, what it had to park. */
export function projectorMetrics(registry: Registry, lagOf: LagOf): ProjectorMetrics {
  const registers = [registry];
  const places = new Map<string, Reached>();
  const events = new Counter({
    name: 'parley_projector_events_total',
    help: 'Messages of the log that were committed to the read model.',
    labelNames: labels,
    registers,
  });
  const parked = new Counter({
    name: 'parley_projector_dead_letters_total',
    help: 'Messages that could not be projected and were parked since the process began.',
    labelNames: labels,
    registers,
  });
  const lagSeconds = new Gauge({
    name: 'parley_projector_lag_seconds',
    help: 'For how long the first message of the log that is not in the rows has been there; 0 without any.',
    labelNames: labels,
    registers,
  });
  new Gauge({
    name: 'parley_projector_lag_events',
    help: 'Messages in the log that are not in the rows yet.',
    labelNames: labels,
    registers,
    // Asked of the log when somebody looks, so that a projection that stands still is seen to fall behind.
    async collect() {
      this.reset();
      lagSeconds.reset();
      await Promise.all(
        [...places.values()].map(async (place) => {
          const lag = await lagOf(place.share, place.streamSeq).catch(() => ({ events: 0, seconds: 0 }));
          const labels = labelsOf(place.version, place.share);
          this.set(labels, lag.events);
          lagSeconds.set(labels, lag.seconds);
        }),
      );
    },
  });
  const size = new Histogram({
    name: 'parley_projector_batch_events',
    help: 'Messages per transaction.',
    labelNames: ['version', 'projection'],
    buckets: [1, 3, 10, 30, 100, 300, 1_000, 4_000],
    registers,
  });
  const duration = new Histogram({
    name: 'parley_projector_batch_seconds',
    help: 'Time to fold and commit a batch.',
    labelNames: ['version', 'projection'],
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
  const forgotten = new Counter({
    name: 'parley_receipts_forgotten_total',
    help: 'Times that moves of somebody in a conversation were forgotten, because they told of messages alone that are gone.',
    registers,
  });
  return {
    of(version) {
      const of = (share: Share) => labelsOf(version, share);
      const keyOf = ({ projection, partition }: Share) => `${version}/${projection}/${partition}`;
      return {
        committed(share, figures) {
          events.inc(of(share), figures.events);
          if (figures.parked > 0) parked.inc(of(share), figures.parked);
          const { projection } = share;
          size.observe({ version, projection }, figures.events);
          duration.observe({ version, projection }, figures.seconds);
        },
        reached: (share, streamSeq) => void places.set(keyOf(share), { version, share, streamSeq }),
        claimed: (share) => owned.set(of(share), 1),
        released: (share) => {
          owned.set(of(share), 0);
          places.delete(keyOf(share));
        },
        failed: (share) => failures.inc(of(share)),
      };
    },
    cacheFailed: () => cacheFailures.inc(),
    forgot: (people) => forgotten.inc(people),
  };
}

const labelsOf = (version: number, { projection, partition }: Share) => ({
  version: String(version),
  projection,
  partition: String(partition),
});
