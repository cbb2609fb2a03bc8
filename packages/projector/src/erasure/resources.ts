import type { JetStreamManager } from '@nats-io/jetstream';
import type { Conversation } from '@parley/domain/conversation/state';
import type { PublishWindow } from '@parley/infra/log/publish-window';
import type { Snapshots } from '@parley/infra/log/snapshots';

/** What erasing needs of the log. */
export type ErasingResources = {
  readonly jsm: JetStreamManager;
  readonly window: PublishWindow;
  readonly snapshots: Snapshots<Conversation>;
  readonly partitions: number;
  /** The log's time in ms. */
  readonly now: () => number;
};
