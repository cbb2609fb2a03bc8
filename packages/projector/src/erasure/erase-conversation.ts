import { partitionLabel } from '@parley/domain/log/partition';
import { conversationFormat } from '@parley/infra/log/snapshots';
import { type Place, placeOf, receiptStreamName } from '@parley/infra/log/subjects';
import { pageKey } from '@parley/infra/read-model/newest-page';
import { destroySecrets } from '@parley/infra/vault/destroy-secrets';
import { keysOfBuilds } from './keys-of-builds.js';
import { done, later, notYet, type Outcome } from './outcome.js';
import { destroySnapshot } from './purge.js';
import type { ErasingResources } from './resources.js';
import { sweepRows } from './sweep-rows.js';

/**
 * Takes an erased conversation out of everything but the log, which nobody can open any more without its secret: that goes first.
 * Each step may be done again.
 *
 * @throws when the broker, Postgres or Redis do not answer.
 */
export async function eraseConversation(
  resources: ErasingResources,
  { conversationId }: { readonly conversationId: string },
): Promise<Outcome> {
  const { jsm, know, partitions, vault, redis, database, schema, now } = resources;
  const place = placeOf(conversationId, partitions);
  const { state } = await know(conversationId);
  if (state.tag !== 'erased') return notYet;
  await destroySecrets(vault, [`conversation.${conversationId}`], 'erased', now);
  await jsm.streams.purge(receiptStreamName(place.partition), {
    filter: `rcpt.${partitionLabel(place.partition)}.${conversationId}.*`,
  });
  await destroySnapshot(jsm, conversationFormat.keyOf(conversationId));
  for (const key of await keysOfBuilds(database, (each) => pageKey(each, conversationId)))
    await redis.del(key);
  if (await sweepRows(database, schema, conversationId)) return done;
  return later((await standsStill(resources, place, conversationId)) ? 'parked' : 'behind');
}

/** Whether the rows do not get to know of it before somebody has seen to them. */
async function standsStill(
  { database, schema }: ErasingResources,
  { partition }: Place,
  conversationId: string,
): Promise<boolean> {
  const { rowCount } = await database.query(
    `select from ${schema}.parked_conversation where partition = $1 and conversation_id = $2`,
    [partition, conversationId],
  );
  return rowCount === 1;
}
