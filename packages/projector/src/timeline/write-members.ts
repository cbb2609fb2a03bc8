import type { ClientBase } from 'pg';
import type { CheckpointMove } from '../checkpoint.js';
import { windowBegan } from '../window.js';
import type { ConversationChanges, MemberChange } from './changes.js';
import { ALWAYS } from './marks.js';
import { keyOf, type Moved, type Written } from './write-changes.js';
import { type Gone, writeDepartures } from './write-departures.js';
import { erasedConversations } from './write-erasures.js';

/**
 * Writes who is in and who is out, and counts what that did to each conversation. First those go who were members before
 * the batch, by name or by hash; then those come who are members at its end; then roles change of those who stayed.
 */
export async function writeMembers(
  client: ClientBase,
  schema: string,
  all: readonly ConversationChanges[],
  move: CheckpointMove,
): Promise<Written & { readonly counts: ReadonlyMap<string, number> }> {
  const changed = all.filter(
    ({ members, bans, erasure }) => members.size > 0 || bans.size > 0 || erasure !== undefined,
  );
  if (changed.length === 0) return { entered: [], left: [], counts: new Map() };
  const unnamed = [
    ...(await removeEverybody(client, schema, changed)),
    ...(await removeBanned(client, schema, changed)),
  ];
  const gone = [...(await removeNamed(client, schema, changed)), ...unnamed];
  const come = await upsertPresent(client, schema, changed, move);
  await writeDepartures(client, schema, move.share.partition, { gone: departed(changed, unnamed), come });
  await changeRoles(client, schema, changed);
  await writeBans(client, schema, changed);
  const counts = new Map<string, number>();
  const count = (id: string, by: number) => counts.set(id, (counts.get(id) ?? 0) + by);
  for (const { conversationId } of gone) count(conversationId, -1);
  for (const { conversationId, isNew } of come) count(conversationId, isNew ? 1 : 0);
  const stayed = new Set(come.map(keyOf));
  return { entered: come, left: gone.filter((member) => !stayed.has(keyOf(member))), counts };
}

/** Everyone who is out at the end of the batch, also who came and went within it: a client may have seen them in between. */
function departed(all: readonly ConversationChanges[], unnamed: readonly Gone[]): readonly Gone[] {
  const named = membersThat(all, 'absent').map(({ change, ...who }) => ({ ...who, at: change.at }));
  const gone = new Map([...unnamed, ...named].map((one) => [keyOf(one), one]));
  for (const member of membersThat(all, 'present')) gone.delete(keyOf(member));
  return [...gone.values()];
}

type Row = { readonly conversation_id: string; readonly user_id: string };
const moved = ({ conversation_id, user_id }: Row): Moved => ({
  conversationId: conversation_id,
  user: user_id,
});

async function removeNamed(
  client: ClientBase,
  schema: string,
  all: readonly ConversationChanges[],
): Promise<readonly Moved[]> {
  const absent = membersThat(all, 'absent');
  if (absent.length === 0) return [];
  const { rows } = await client.query<Row>({
    name: `member-remove-${schema}`,
    text: `delete from ${schema}.member m using unnest($1::text[], $2::text[]) as gone (conversation_id, user_id)
      where m.conversation_id = gone.conversation_id and m.user_id = gone.user_id
      returning m.conversation_id, m.user_id`,
    values: [absent.map(({ conversationId }) => conversationId), absent.map(({ user }) => user)],
  });
  return rows.map(moved);
}

/** An erased conversation has no members. */
async function removeEverybody(
  client: ClientBase,
  schema: string,
  all: readonly ConversationChanges[],
): Promise<readonly Gone[]> {
  const erased = erasedConversations(all);
  if (erased.length === 0) return [];
  const { rows } = await client.query<Row & { at: string }>({
    name: `member-erase-${schema}`,
    text: `delete from ${schema}.member m using unnest($1::text[], $2::bigint[]) as erased (conversation_id, at)
      where m.conversation_id = erased.conversation_id
      returning m.conversation_id, m.user_id, erased.at`,
    values: [erased.map(({ conversationId }) => conversationId), erased.map(({ changed }) => changed)],
  });
  return rows.map((row) => ({ ...moved(row), at: Number(row.at) }));
}

async function removeBanned(
  client: ClientBase,
  schema: string,
  all: readonly ConversationChanges[],
): Promise<readonly Gone[]> {
  const banned = all.flatMap(({ conversationId, banned }) =>
    [...banned].map(([hash, at]) => ({ conversationId, hash, at })),
  );
  if (banned.length === 0) return [];
  const { rows } = await client.query<Row & { at: string }>({
    name: `member-ban-${schema}`,
    text: `delete from ${schema}.member m
      using unnest($1::text[], $2::text[], $3::bigint[]) as banned (conversation_id, ban_hash, at)
      where m.conversation_id = banned.conversation_id and m.ban_hash = banned.ban_hash
      returning m.conversation_id, m.user_id, banned.at`,
    values: [
      banned.map(({ conversationId }) => conversationId),
      banned.map(({ hash }) => hash),
      banned.map(({ at }) => at),
    ],
  });
  return rows.map((row) => ({ ...moved(row), at: Number(row.at) }));
}

/** A row that the statement inserted has no previous version: its xmax is 0. They are marked as the others are. */
async function upsertPresent(
  client: ClientBase,
  schema: string,
  all: readonly ConversationChanges[],
  { share, windows }: CheckpointMove,
): Promise<readonly (Moved & { readonly isNew: boolean })[]> {
  const began = new Map(
    all.map(({ conversationId, changed }) => [conversationId, windowBegan(windows, changed)]),
  );
  const present = membersThat(all, 'present');
  if (present.length === 0) return [];
  const { rows } = await client.query<Row & { is_new: boolean }>({
    name: `member-upsert-${schema}`,
    text: `insert into ${schema}.member (conversation_id, user_id, role, since, ban_hash, partition, marked)
      select p.conversation_id, p.user_id, p.role, p.since, p.ban_hash, $7,
        case when c.marked = ${ALWAYS} then c.marked else p.marked end
      from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bigint[])
        as p (conversation_id, user_id, role, since, ban_hash, marked)
      left join ${schema}.conversation c on c.conversation_id = p.conversation_id
      on conflict (conversation_id, user_id)
      do update set role = excluded.role, since = excluded.since, ban_hash = excluded.ban_hash
      returning conversation_id, user_id, xmax = 0 as is_new`,
    values: [
      present.map(({ conversationId }) => conversationId),
      present.map(({ user }) => user),
      present.map(({ change }) => change.role),
      present.map(({ change }) => change.since),
      present.map(({ change }) => change.banHash),
      present.map(({ conversationId }) => began.get(conversationId)),
      share.partition,
    ],
  });
  return rows.map((row) => ({ ...moved(row), isNew: row.is_new }));
}

async function changeRoles(
  client: ClientBase,
  schema: string,
  all: readonly ConversationChanges[],
): Promise<void> {
  const roles = membersThat(all, 'role');
  if (roles.length === 0) return;
  await client.query({
    name: `member-role-${schema}`,
    text: `update ${schema}.member m set role = changed.role
      from unnest($1::text[], $2::text[], $3::text[]) as changed (conversation_id, user_id, role)
      where m.conversation_id = changed.conversation_id and m.user_id = changed.user_id`,
    values: [
      roles.map(({ conversationId }) => conversationId),
      roles.map(({ user }) => user),
      roles.map(({ change }) => change.role),
    ],
  });
}

async function writeBans(
  client: ClientBase,
  schema: string,
  all: readonly ConversationChanges[],
): Promise<void> {
  const bans = all.flatMap(({ conversationId, bans }) =>
    [...bans].map(([hash, set]) => ({ conversationId, hash, set })),
  );
  const [set, lifted] = [bans.filter((ban) => ban.set), bans.filter((ban) => !ban.set)];
  const columns = (some: typeof bans) => [some.map((ban) => ban.conversationId), some.map((ban) => ban.hash)];
  if (set.length > 0) {
    await client.query(
      `insert into ${schema}.ban (conversation_id, ban_hash) select * from unnest($1::text[], $2::text[])
       on conflict do nothing`,
      columns(set),
    );
  }
  if (lifted.length > 0) {
    await client.query(
      `delete from ${schema}.ban b using unnest($1::text[], $2::text[]) as lifted (conversation_id, ban_hash)
       where b.conversation_id = lifted.conversation_id and b.ban_hash = lifted.ban_hash`,
      columns(lifted),
    );
  }
}

type Tagged<T extends MemberChange['tag']> = Moved & { readonly change: Extract<MemberChange, { tag: T }> };

function membersThat<T extends MemberChange['tag']>(
  all: readonly ConversationChanges[],
  tag: T,
): readonly Tagged<T>[] {
  return all.flatMap(({ conversationId, members }) =>
    [...members].flatMap(([user, change]) =>
      change.tag === tag ? [{ conversationId, user, change: change as Tagged<T>['change'] }] : [],
    ),
  );
}
