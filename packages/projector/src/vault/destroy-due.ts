import type { NatsConnection } from '@nats-io/transport-node';
import type { Log } from '@parley/infra/runtime/log';
import { destroySecrets } from '@parley/infra/vault/destroy-secrets';
import { forgetMarkers } from '@parley/infra/vault/forget-markers';
import { keepHeldKey } from '@parley/infra/vault/keep-held-key';
import type { MasterKeys } from '@parley/infra/vault/master-keys';
import { heldName } from '@parley/infra/vault/names';
import type { VaultStream } from '@parley/infra/vault/vault-stream';
import { pause } from '../pause.js';
import { dueBuckets } from './due-buckets.js';
import { type Hold, holdsOf, liftedHolds, stillOnHold } from './holds.js';
import { type KnownSecrets, knowSecrets } from './known-secrets.js';
import type { VaultMetrics } from './metrics.js';
import { type RowsAndLog, rowsReachLog } from './rows-reached.js';

export type DestroyResources = RowsAndLog & {
  readonly nats: NatsConnection;
  readonly vault: VaultStream;
  readonly masterKeys: MasterKeys;
  readonly log: Log;
  readonly metrics: VaultMetrics;
  /** The log's time in ms. */
  readonly now: () => number;
  /** Ms between two looks at what is due; a second unless said, which is how long the shortest bucket is. */
  readonly every?: number;
};

/** Ms between two looks for markers that nobody needs any more. */
const FORGET_EVERY = 86_400_000;

/** Buckets destroyed, or held keys let go, before holds are looked at anew. */
const MOST = 64;

/**
 * Destroys the secrets of buckets whose time is over, one after the other, so that erasures have their part of the broker's secure deletes, and
 * the keys that were kept for a conversation when its hold is lifted. Nothing is remembered: whoever is killed, the next finds in the vault what
 * is left to do. Ends when the signal is aborted; what fails is tried again.
 */
export async function destroyDue(resources: DestroyResources, signal: AbortSignal): Promise<void> {
  const { nats, vault, log, metrics, now, every = 1_000 } = resources;
  const known = knowSecrets(nats, vault);
  let isFailing = false;
  let forgotAt = Number.NEGATIVE_INFINITY;
  try {
    while (!signal.aborted) {
      try {
        await known.refresh();
        await round(resources, known, signal);
        if (now() - forgotAt > FORGET_EVERY) {
          await forgetMarkers(vault, now());
          forgotAt = now();
        }
        isFailing = false;
      } catch (error) {
        if (!isFailing)
          log.warn({ reason: (error as Error).message }, 'buckets that are past cannot be destroyed now');
        isFailing = true;
      }
      metrics.known(known.buckets.size, due(resources, known).length, known.held.size);
      await pause(every, signal);
    }
  } finally {
    known.close();
    metrics.known(0, 0, 0);
  }
}

const due = ({ now }: DestroyResources, { buckets }: KnownSecrets) => dueBuckets(buckets, now());

/**
 * Everything that is due now, in lots. Each lot begins with a look whether the rows have what the log has, because the rows say what is held:
 * a hold that was there before the bucket ended is seen.
 */
async function round(resources: DestroyResources, known: KnownSecrets, signal: AbortSignal): Promise<void> {
  for (let isMore = true; isMore && !signal.aborted; ) {
    const buckets = due(resources, known).slice(0, MOST);
    const released = await releasedOf(resources, known);
    if (buckets.length === 0 && released.length === 0) return;
    if (!(await rowsReachLog(resources, signal))) return;
    const destroyed = await destroyBuckets(resources, known, buckets, signal);
    const letGone = await letGo(resources, known, released, signal);
    isMore = destroyed + letGone > 0;
  }
}

/** How many were destroyed. */
async function destroyBuckets(
  resources: DestroyResources,
  known: KnownSecrets,
  buckets: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const { database, schema, vault, masterKeys, log, metrics, now } = resources;
  if (buckets.length === 0) return 0;
  const holds = Map.groupBy(await holdsOf(database, schema, buckets), ({ bucket }) => bucket);
  let destroyed = 0;
  for (const bucket of buckets) {
    if (signal.aborted) break;
    try {
      for (const { conversationId } of holds.get(bucket) ?? []) {
        const kept = await keepHeldKey(vault, masterKeys, bucket, conversationId);
        known.learn(heldName(bucket, conversationId), kept === 'kept');
      }
      known.begin(`bucket.${bucket}`);
      await destroySecrets(vault, [`bucket.${bucket}`], 'expired', now);
      known.learn(`bucket.${bucket}`, false);
      metrics.destroyed();
      destroyed++;
    } catch (error) {
      log.warn({ bucket, reason: (error as Error).message }, 'a bucket that is past was not destroyed');
    }
  }
  return destroyed;
}

/** Keys of conversations that are not on hold, as far as the rows tell now. */
async function releasedOf({ database, schema }: DestroyResources, { held }: KnownSecrets) {
  if (held.size === 0) return [];
  const conversations = new Set([...held.values()].map(({ conversationId }) => conversationId));
  const onHold = await stillOnHold(database, schema, [...conversations]);
  return [...held.values()].filter(({ conversationId }) => !onHold.has(conversationId));
}

/** Destroys those of the keys that nobody needs any more; how many. */
async function letGo(
  { database, schema, vault, now }: DestroyResources,
  known: KnownSecrets,
  released: readonly Hold[],
  signal: AbortSignal,
): Promise<number> {
  if (released.length === 0) return 0;
  let destroyed = 0;
  const lifted = (await liftedHolds(database, schema, released)).slice(0, MOST);
  for (const { bucket, conversationId } of lifted) {
    if (signal.aborted) break;
    const name = heldName(bucket, conversationId);
    known.begin(name);
    await destroySecrets(vault, [name], 'released', now);
    known.learn(name, false);
    destroyed++;
  }
  return destroyed;
}
