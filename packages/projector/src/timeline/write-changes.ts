import type { ClientBase } from 'pg';
import type { CheckpointMove } from '../checkpoint.js';
import { windowBegan } from '../window.js';
import type { ConversationChanges, TimelineChanges } from './changes.js';
import { copySent } from './copy-messages.js';
import { firstDue, isDueAnew } from './due.js';
import { ALWAYS, MAX_MARKED } from './marks.js';
import { restoreErased } from './restore-erased.js';
import { keepsCalls, writeCalls } from './write-calls.js';
import { writeErasures } from './write-erasures.js';
import { writeMembers } from './write-members.js';
import { changeMessages, insertSent } from './write-messages.js';
import { writePins } from './write-pins.js';
import { countsReplies, movedReplies, recountReplies, writeReplies } from './write-replies.js';

/** Who became a member and who is none any more, as rows say, for whoever keeps sets of them. */
export type Moved = { readonly conversationId: string; readonly user: string };
export type Written = { readonly entered: readonly Moved[]; readonly left: readonly Moved[] };

export const keyOf = ({ conversationId, user }: Moved): string => `${conversationId} ${user}`;

/**
 * Writes what a batch changes, with a handful of statements however long it is. Runs inside the caller's transaction,
 * after the checkpoint has moved.
 */
export async function writeChanges(
  client: ClientBase,
  schema: string,
  changes: TimelineChanges,
  move: CheckpointMove,
): Promise<Written> {
  const steps: Written[] = [];
  for (const step of changes) steps.push(await writeStep(client, schema, step, move));
  return steps.length === 1 ? (steps[0] as Written) : inTheEnd(steps);
}

/**
 * @param how in a load, messages that were sent are added by COPY, and what is due next, members' marks and replies stay behind.
 */
export async function writeStep(
  client: ClientBase,
  schema: string,
  all: readonly ConversationChanges[],
  move: CheckpointMove,
  how: { readonly isLoad: boolean } = { isLoad: false },
): Promise<Written> {
  const replies =
    countsReplies(move.from.model) && !how.isLoad ? await movedReplies(client, schema, all) : undefined;
  const withCalls = keepsCalls(move.from.model);
  await writeErasures(client, schema, all, withCalls);
  await restoreErased(client, schema, all, move.claimed);
  await (how.isLoad ? copySent(client, schema, all) : insertSent(client, schema, all));
  await changeMessages(client, schema, all);
  if (replies !== undefined) {
    await writeReplies(client, schema, replies);
    await recountReplies(client, schema, all, move.claimed);
  }
  await writePins(client, schema, all);
  if (withCalls) await writeCalls(client, schema, all);
  const { entered, left, counts } = await writeMembers(client, schema, all, move);
  await writeConversations(client, schema, all, counts, { move, ...how });
  return { entered, left };
}

type How = { readonly move: CheckpointMove; readonly isLoad: boolean };

/** Where people stand after all steps. */
function inTheEnd(steps: readonly Written[]): Written {
  const moves = new Map<string, { readonly who: Moved; readonly isIn: boolean }>();
  for (const { entered, left } of steps) {
    for (const who of left) moves.set(keyOf(who), { who, isIn: false });
    for (const who of entered) moves.set(keyOf(who), { who, isIn: true });
  }
  const ended = [...moves.values()];
  return {
    entered: ended.flatMap(({ who, isIn }) => (isIn ? [who] : [])),
    left: ended.flatMap(({ who, isIn }) => (isIn ? [] : [who])),
  };
}

/**
 * One update for all conversations touched. Those that are not there yet are made first: the ones that began in this
 * batch, and, if the update does not find all, the ones whose beginning could not be read.
 */
async function writeConversations(
  client: ClientBase,
  schema: string,
  all: readonly ConversationChanges[],
  counts: ReadonlyMap<string, number>,
  how: How,
): Promise<void> {
  if (all.length === 0) return;
  await insertConversations(
    client,
    schema,
    all.filter(({ kind }) => kind !== undefined),
    how.move,
  );
  const updated = await updateConversations(client, schema, all, counts, how);
  if (updated === all.length) return;
  const missing = await missingConversations(client, schema, all);
  await insertConversations(client, schema, missing, how.move);
  await updateConversations(client, schema, missing, counts, how);
}

async function missingConversations(
  client: ClientBase,
  schema: string,
  all: readonly ConversationChanges[],
): Promise<readonly ConversationChanges[]> {
  const { rows } = await client.query<{ conversation_id: string }>(
    `select conversation_id from ${schema}.conversation where conversation_id = any ($1)`,
    [all.map(({ conversationId }) => conversationId)],
  );
  const there = new Set(rows.map((row) => row.conversation_id));
  return all.filter(({ conversationId }) => !there.has(conversationId));
}

async function insertConversations(
  client: ClientBase,
  schema: string,
  made: readonly ConversationChanges[],
  { share }: CheckpointMove,
): Promise<void> {
  if (made.length === 0) return;
  await client.query({
    name: `conversation-insert-${schema}`,
    text: `insert into ${schema}.conversation (conversation_id, kind, revision, last_activity_at, partition)
      select id, kind, 0, 0, $3 from unnest($1::text[], $2::text[]) as made (id, kind)
      on conflict (conversation_id) do nothing`,
    values: [
      made.map(({ conversationId }) => conversationId),
      made.map(({ kind }) => kind ?? null),
      share.partition,
    ],
  });
}

/**
 * Rows found. What did not change is null and stays; what can become null has a flag besides. Of an erased conversation nothing
 * stays but its number and places. The mark is passed on to the members where it changes: once in a window.
 */
async function updateConversations(
  client: ClientBase,
  schema: string,
  all: readonly ConversationChanges[],
  counts: ReadonlyMap<string, number>,
  { move: { windows }, isLoad }: How,
): Promise<number> {
  const { rows } = await client.query<{ found: string }>({
    name: `conversation-${isLoad ? 'load' : 'update'}-${schema}`,
    text: `with updated as (
        update ${schema}.conversation c set
          kind = coalesce(before.kind, b.kind),
          title = coalesce(b.title, before.title),
          ttl = case when b.ttl_set then b.ttl else before.ttl end,
          closed = coalesce(before.closed, false) or b.closed,
          expires_at = case when b.expiry_set then b.expires_at else before.expires_at end,
          hold_reason = case when b.hold_set then b.hold_reason else before.hold_reason end,
          hold_since = case when b.hold_set then b.hold_since else before.hold_since end,
          hold_by = case when b.hold_set then b.hold_by else before.hold_by end,
          erased_at = coalesce(b.erased_at, c.erased_at),
          next_due = case when b.due_anew then least(
              case when b.expiry_set then b.expires_at else before.expires_at end,
              (select min(m.expires_at) from ${schema}.message m
                where m.conversation_id = b.id and m.expires_at is not null and not m.expired))
            else least(before.next_due, b.due) end,
          revision = greatest(c.revision, b.revision),
          messages = greatest(before.messages, b.messages),
          last_activity_at = greatest(before.last_activity_at, b.last_activity_at),
          member_count = c.member_count + b.members,
          changed = b.changed,
          marked = case when c.member_count + b.members > ${MAX_MARKED} then ${ALWAYS} else b.marked end
        from unnest($1::text[], $2::text[], $3::boolean[], $4::int[], $5::boolean[], $6::bigint[], $7::bigint[],
          $8::bigint[], $9::int[], $10::text[], $11::bigint[], $12::bigint[], $13::boolean[], $14::bigint[], $15::boolean[],
          $16::text[], $17::bigint[], $18::text[], $19::bigint[], $20::boolean[], $21::bigint[])
          as b (id, title, ttl_set, ttl, closed, revision, messages, last_activity_at, members, kind, changed, marked,
            expiry_set, expires_at, hold_set, hold_reason, hold_since, hold_by, due, due_anew, erased_at)
        left join ${schema}.conversation before on before.conversation_id = b.id and b.erased_at is null
        where c.conversation_id = b.id
        returning c.conversation_id, c.marked, before.marked as marked_before
      )${isLoad ? '' : markingSql(schema)}
      select count(*) as found from updated`,
    values: [
      all.map(({ conversationId }) => conversationId),
      all.map(({ title }) => title ?? null),
      all.map(({ ttl }) => ttl !== undefined),
      all.map(({ ttl }) => ttl ?? null),
      all.map(({ closed }) => closed === true),
      all.map(({ revision }) => revision),
      all.map(({ messages }) => messages),
      all.map(({ lastActivityAt }) => lastActivityAt),
      all.map(({ conversationId }) => counts.get(conversationId) ?? 0),
      all.map(({ kind }) => kind ?? null),
      all.map(({ changed }) => changed),
      all.map(({ changed }) => windowBegan(windows, changed)),
      all.map(({ expiresAt }) => expiresAt !== undefined),
      all.map(({ expiresAt }) => expiresAt ?? null),
      all.map(({ hold }) => hold !== undefined),
      all.map(({ hold }) => hold?.reason ?? null),
      all.map(({ hold }) => hold?.since ?? null),
      all.map(({ hold }) => hold?.by ?? null),
      all.map(firstDue),
      all.map((one) => !isLoad && isDueAnew(one)),
      all.map(({ erasure }) => (erasure?.tag === 'conversation' ? erasure.at : null)),
    ],
  });
  return Number(rows[0]?.found);
}

const markingSql = (schema: string): string => `, marking as (
        update ${schema}.member m set marked = u.marked
        from updated u
        where u.marked <> u.marked_before and m.conversation_id = u.conversation_id and m.marked <> u.marked
      )`;
