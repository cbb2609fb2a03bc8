import { decodeAccountEvent } from '@parley/domain/account/envelope';
import { recallCommand } from '@parley/domain/conversation/recent';
import { stands } from '@parley/domain/conversation/state';
import { SYSTEM } from '@parley/domain/ids';
import { partitionLabel } from '@parley/domain/log/partition';
import { readConversation } from '@parley/infra/log/conversation-reader';
import { accountPlaceOf, receiptStreamName } from '@parley/infra/log/subjects';
import { membershipsKey } from '@parley/infra/read-model/memberships';
import { presenceKey } from '@parley/infra/read-model/presence-key';
import { destroySecrets } from '@parley/infra/vault/destroy-secrets';
import { isRight } from 'fp-ts/lib/Either.js';
import { rowsReachLog } from '../vault/rows-reached.js';
import { appendBySystem } from './append-by-system.js';
import { keysOfBuilds } from './keys-of-builds.js';
import { done, later, notYet, type Outcome } from './outcome.js';
import { destroyMessage, destroySnapshot } from './purge.js';
import type { ErasingResources } from './resources.js';

type Person = { readonly user: string };

/** Times that others may be faster in one conversation before the job is put back. */
const MAX_ROUNDS = 8;

/**
 * Takes an erased person out of their conversations, the receipts, Redis and, devices and all, the users' log. Their secret goes first,
 * unless one of their conversations is on legal hold: then all of it waits. Each step may be done again.
 *
 * @throws when the broker, Postgres or Redis do not answer.
 */
export async function erasePerson(resources: ErasingResources, { user }: Person): Promise<Outcome> {
  const { jsm, partitions, vault, redis, database, now } = resources;
  const before = await eventsBeforeErased(resources, user);
  if (before === undefined) return notYet;
  if (!(await rowsReachLog(resources, new AbortController().signal))) return later('behind');
  const theirs = await conversationsOf(resources, user);
  if (theirs.some(({ isHeld }) => isHeld)) return later('held');
  await destroySecrets(vault, [`author.${user}`], 'erased', now);
  for (const { conversationId } of theirs) {
    const outcome = await eraseMember(resources, conversationId, user);
    if (outcome !== done) return outcome;
  }
  for (let partition = 0; partition < partitions; partition++) {
    const filter = `rcpt.${partitionLabel(partition)}.*.${user}`;
    await jsm.streams.purge(receiptStreamName(partition), { filter });
  }
  for (const key of await keysOfBuilds(database, (each) => membershipsKey(each, user))) await redis.del(key);
  await redis.del(presenceKey(user));
  await destroySnapshot(jsm, `account.${user}`);
  for (const streamSeq of before)
    await destroyMessage(jsm, accountPlaceOf(user, partitions).stream, streamSeq);
  return done;
}

/** Where the events are that say what devices the person had, before the one that erased them; undefined where there is none such. */
async function eventsBeforeErased(
  { jsm, partitions }: ErasingResources,
  user: string,
): Promise<readonly number[] | undefined> {
  const before: number[] = [];
  for await (const { streamSeq, json } of readConversation(jsm, accountPlaceOf(user, partitions))) {
    const event = decodeAccountEvent(json);
    if (isRight(event) && event.right.type === 'account.erased') return before;
    before.push(streamSeq);
  }
  return undefined;
}

type Theirs = { readonly conversationId: string; readonly isHeld: boolean };

/** Conversations that the person is in, was in, or has rows in; those that were erased as a whole need nothing more. */
async function conversationsOf(resources: ErasingResources, user: string): Promise<readonly Theirs[]> {
  const { database, schema } = resources;
  const { rows } = await database.query<{ conversation_id: string; is_held: boolean }>(
    `select c.conversation_id, c.hold_since is not null as is_held
       from (
         select conversation_id from ${schema}.member where user_id = $1
         union
         select conversation_id from ${schema}.departure where user_id = $1
         union
         select conversation_id from ${schema}.receipt where user_id = $1
       ) theirs
       join ${schema}.conversation c on c.conversation_id = theirs.conversation_id
      where c.erased_at is null
      order by c.conversation_id`,
    [user],
  );
  const theirs = rows.map(({ conversation_id, is_held }) => ({
    conversationId: conversation_id,
    isHeld: is_held,
  }));
  return [
    ...theirs,
    ...(await theirsByLog(resources, user, new Set(theirs.map(({ conversationId }) => conversationId)))),
  ];
}

/** Of conversations whose rows stand still the log says who is a member, and whether they are on hold. */
async function theirsByLog(
  { database, schema, know }: ErasingResources,
  user: string,
  known: ReadonlySet<string>,
): Promise<readonly Theirs[]> {
  const { rows } = await database.query<{ conversation_id: string }>(
    `select conversation_id from ${schema}.parked_conversation order by conversation_id`,
  );
  const theirs: Theirs[] = [];
  for (const { conversation_id: conversationId } of rows) {
    const { state } = await know(conversationId);
    if (!stands(state)) continue;
    const isHeld = state.hold !== undefined;
    if (state.members.has(user) || (isHeld && known.has(conversationId)))
      theirs.push({ conversationId, isHeld });
  }
  return theirs;
}

/** Says in one conversation that they were erased, once as far as it remembers. */
async function eraseMember(
  resources: ErasingResources,
  conversationId: string,
  user: string,
): Promise<Outcome> {
  const commandId = `erase-${user}`;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const known = await resources.know(conversationId);
    const isSaid = recallCommand(known.state.recent, SYSTEM, commandId) !== undefined;
    if (!stands(known.state) || (isSaid && !known.state.members.has(user))) return done;
    const data = { conversationId, commandId, user };
    const appended = await appendBySystem(resources, known, { type: 'member.erase', data });
    if (appended === 'appended' || appended === 'unchanged') return done;
    if (appended !== 'stale') return later('held');
  }
  return later('contended');
}
