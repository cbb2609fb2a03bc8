import type { JetStreamClient } from '@nats-io/jetstream';
import { schemaOf } from '@parley/infra/read-model/schema-name';
import { beside, type Work } from '../beside.js';
import type { Share } from '../checkpoint.js';
import type { ProjectorMetrics } from '../metrics.js';
import { ownShares } from '../ownership/own-shares.js';
import { type RetryAtClaim, retryAtClaim } from '../parked/retry-at-claim.js';
import type { Commit } from '../project-batch.js';
import { receipts } from '../receipts/projection.js';
import { runShare } from '../run-share.js';
import { timeline } from '../timeline/projection.js';
import type { Followed } from './follow-versions.js';

export const projections = { timeline, receipts };

export type FollowVersion = RetryAtClaim & {
  /** Tells this process from others. */
  readonly instance: string;
  readonly partitions: number;
  readonly js: JetStreamClient;
  readonly metrics: ProjectorMetrics;
  /** What goes on beside a share while this process has it. */
  readonly besides: (version: number, share: Share) => Besides;
};

/** What goes on beside the work on a share. Nothing of it may throw. */
export type Besides = {
  readonly chores: readonly Work[];
  committed(commits: readonly Commit[], pending: number): void;
  /** How many events of the log the rows lack. */
  placed(pending: number): void;
};

/** Keeps this process at its fair part of a build's shares, and each of them at the end of the log. */
export function followVersion(options: FollowVersion, version: number): Followed {
  const { databaseUrl, instance, partitions, js, log, besides } = options;
  const metrics = options.metrics.of(version);
  const schema = schemaOf(version);
  return ownShares({
    databaseUrl,
    instance,
    readModel: version,
    projections: ['timeline', 'receipts'],
    partitions,
    log,
    work: async (share, { client }, signal) => {
      metrics.claimed(share);
      const aside = besides(version, share);
      const resources = { js, metrics, log, onCommit: aside.committed, onPlace: aside.placed };
      const target = { client, schema, share };
      const projection = projections[share.projection];
      const project: Work = (until) => runShare(resources, projection, target, until);
      const retry = retryAtClaim(options, schema, share, projection);
      try {
        await beside(signal, project, [...aside.chores, retry]);
      } catch (error) {
        metrics.failed(share);
        throw error;
      } finally {
        metrics.released(share);
      }
    },
  });
}
