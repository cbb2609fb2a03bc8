import type { Model } from '@parley/infra/read-model/models';
import type { ClientBase } from 'pg';
import type { ConversationChanges, SentMessage } from './changes.js';

/** Whether rows of a model say how many replies a message has. */
export const countsReplies = (model: Model): boolean => model >= 2;

/** By how much the replies of messages move, which may be in the rows by then or not. */
export type MovedReplies = ReadonlyMap<string, Moved>;

type Moved = { readonly conversationId: string; readonly seq: number; readonly by: number };

/**
 * By how much a step moves the number of replies that are neither deleted nor expired. To be asked before the rest of it is written: what was
 * there before is found in the rows, and a reply that is there already counts no second time.
 */
export async function movedReplies(
  client: ClientBase,
  schema: string,
  all: readonly ConversationChanges[],
): Promise<MovedReplies> {
  const moved = new Map<string, Moved>();
  const move = (conversationId: string, seq: number, by: number): void => {
    const key = `${conversationId} ${seq}`;
    moved.set(key, { conversationId, seq, by: (moved.get(key)?.by ?? 0) + by });
  };
  const sent = repliesSent(all);
  const known = await knownOf(client, schema, sent);
  for (const { conversationId, seq, replyTo } of sent)
    if (!known.has(`${conversationId} ${seq}`)) move(conversationId, replyTo, 1);
  for (const { conversation_id, reply_to, count } of await ending(client, schema, all))
    move(conversation_id, Number(reply_to), -count);
  return moved;
}

/** Writes that, after all messages of the step are rows. */
export async function writeReplies(client: ClientBase, schema: string, moved: MovedReplies): Promise<void> {
  const all = [...moved.values()].filter(({ by }) => by !== 0);
  if (all.length === 0) return;
  await client.query({
    name: `replies-${schema}`,
    text: `update ${schema}.message m set replies = m.replies + d.by
      from unnest($1::text[], $2::bigint[], $3::int[]) as d (conversation_id, seq, by)
      where m.conversation_id = d.conversation_id and m.seq = d.seq`,
    values: [
      all.map(({ conversationId }) => conversationId),
      all.map(({ seq }) => seq),
      all.map(({ by }) => by),
    ],
  });
}

/** Counts the replies of messages whose rows were made after theirs, because they were erased from the log before this build saw them. */
export async function recountReplies(
  client: ClientBase,
  schema: string,
  all: readonly ConversationChanges[],
  claimed: ReadonlySet<number>,
): Promise<void> {
  const restored = all.flatMap(({ conversationId, erased }) =>
    erased
      .flatMap(({ sent }) => sent)
      .filter(({ streamSeq }) => claimed.has(streamSeq))
      .map(({ row: { seq } }) => ({ conversationId, seq })),
  );
  if (restored.length === 0) return;
  await client.query({
    name: `replies-recount-${schema}`,
    text: `update ${schema}.message m set replies = (
        select count(*) from ${schema}.message r
        where r.conversation_id = d.conversation_id and r.reply_to = d.seq and r.seq > d.seq and ${isThere('r')})
      from unnest($1::text[], $2::bigint[]) as d (conversation_id, seq)
      where m.conversation_id = d.conversation_id and m.seq = d.seq`,
    values: [restored.map(({ conversationId }) => conversationId), restored.map(({ seq }) => seq)],
  });
}

/**
 * Counts the replies of all messages at once, for rows that were loaded without. Done again it changes nothing. Messages without any are
 * looked at only where they have a count: most have none, so there is no join of all of them.
 */
export async function countAllReplies(client: ClientBase, schema: string): Promise<void> {
  const isReply = `r.reply_to is not null and r.reply_to < r.seq and ${isThere('r')}`;
  await client.query(`update ${schema}.message m set replies = c.count
    from (
      select r.conversation_id, r.reply_to, count(*)::int as count from ${schema}.message r
      where ${isReply} group by r.conversation_id, r.reply_to
    ) c
    where m.conversation_id = c.conversation_id and m.seq = c.reply_to and m.replies <> c.count`);
  await client.query(`update ${schema}.message m set replies = 0
    where m.replies <> 0 and not exists (
      select from ${schema}.message r
      where r.conversation_id = m.conversation_id and r.reply_to = m.seq and ${isReply})`);
}

/** Whether a message is a reply, to what was before it, that stands at the end of the step. */
export const isReply = (message: SentMessage): message is SentMessage & { readonly replyTo: number } =>
  message.replyTo !== null && message.replyTo < message.seq && message.deletedAt === null && !message.expired;

type Reply = { readonly conversationId: string; readonly seq: number; readonly replyTo: number };

const repliesSent = (all: readonly ConversationChanges[]): readonly Reply[] =>
  all.flatMap(({ conversationId, sent }) =>
    [...sent.values()].filter(isReply).map(({ seq, replyTo }) => ({ conversationId, seq, replyTo })),
  );

async function knownOf(
  client: ClientBase,
  schema: string,
  sent: readonly Reply[],
): Promise<ReadonlySet<string>> {
  if (sent.length === 0) return new Set();
  const { rows } = await client.query<{ conversation_id: string; seq: string }>({
    name: `replies-known-${schema}`,
    text: `select m.conversation_id, m.seq from unnest($1::text[], $2::bigint[]) as s (conversation_id, seq)
      join ${schema}.message m on m.conversation_id = s.conversation_id and m.seq = s.seq`,
    values: [sent.map(({ conversationId }) => conversationId), sent.map(({ seq }) => seq)],
  });
  return new Set(rows.map(({ conversation_id, seq }) => `${conversation_id} ${seq}`));
}

/** Replies in the rows that the step deletes, lets expire or erases with who wrote them, by what they reply to. */
async function ending(client: ClientBase, schema: string, all: readonly ConversationChanges[]) {
  const deleted = all.flatMap(({ conversationId, amended }) =>
    [...amended].flatMap(([seq, { deletedAt }]) => (deletedAt === null ? [] : [{ conversationId, seq }])),
  );
  const expired = all.flatMap(({ conversationId, expired }) =>
    expired.map((range) => ({ conversationId, ...range })),
  );
  const people = all.flatMap(({ conversationId, erasure }) =>
    erasure?.tag === 'person' ? [{ conversationId, user: erasure.user }] : [],
  );
  if (deleted.length + expired.length + people.length === 0) return [];
  const columns = 'm.conversation_id, m.seq, m.reply_to';
  const isReply = `m.reply_to is not null and m.reply_to < m.seq and ${isThere('m')}`;
  const { rows } = await client.query<{ conversation_id: string; reply_to: string; count: number }>({
    name: `replies-ending-${schema}`,
    text: `select conversation_id, reply_to, count(*)::int from (
        select ${columns} from unnest($1::text[], $2::bigint[]) as d (conversation_id, seq)
        join ${schema}.message m on m.conversation_id = d.conversation_id and m.seq = d.seq where ${isReply}
        union
        select ${columns} from unnest($3::text[], $4::bigint[], $5::bigint[]) as r (conversation_id, first, last)
        join ${schema}.message m on m.conversation_id = r.conversation_id and m.seq between r.first and r.last where ${isReply}
        union
        select ${columns} from unnest($6::text[], $7::text[]) as e (conversation_id, user_id)
        join ${schema}.message m on m.conversation_id = e.conversation_id and m.author = e.user_id where ${isReply}
      ) ending group by conversation_id, reply_to`,
    values: [
      deleted.map(({ conversationId }) => conversationId),
      deleted.map(({ seq }) => seq),
      expired.map(({ conversationId }) => conversationId),
      expired.map(({ from }) => from),
      expired.map(({ to }) => to),
      people.map(({ conversationId }) => conversationId),
      people.map(({ user }) => user),
    ],
  });
  return rows;
}

const isThere = (alias: string): string => `not ${alias}.expired and ${alias}.deleted_at is null`;
