import type { JetStreamManager } from '@nats-io/jetstream';
import type { PublishWindow } from '@parley/infra/log/publish-window';
import type { VaultStream } from '@parley/infra/vault/vault-stream';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import type { KnowConversation } from './known-conversations.js';

/** What erasing a message needs: the log alone. */
export type LogResources = {
  readonly jsm: JetStreamManager;
  readonly window: PublishWindow;
  readonly know: KnowConversation;
  readonly partitions: number;
  /** The log's time in ms. */
  readonly now: () => number;
};

/** What erasing needs. */
export type ErasingResources = LogResources & {
  readonly vault: VaultStream;
  readonly redis: Pick<Redis, 'del'>;
  readonly database: Pick<Pool, 'query'>;
  readonly schema: string;
};
