import { type Call, deviceKey, type Participant } from '@parley/domain/call/call';
import { LayeredMap } from '@parley/domain/conversation/layered-map';
import type { Model } from '@parley/infra/read-model/models';
import type { ClientBase } from 'pg';
import type { ConversationChanges } from './changes.js';
import { type CallChanges, foldCalls } from './fold-calls.js';

/** Whether a model has rows of calls. */
export const keepsCalls = (model: Model): boolean => model >= 3;

/** What a step changes in calls, each with its conversation, in the order of the columns that take it. */
export type CallRows = {
  readonly calls: readonly (readonly [string, number, string, string, number, number | null])[];
  readonly stays: readonly (readonly [
    string,
    number,
    number,
    string,
    string,
    number,
    number | null,
    string | null,
  ])[];
};

export const CALL = 'conversation_id call media by_user at ended_at';
export const CALL_STAY = 'conversation_id participant call user_id device joined_at left_at why';

/** The rows of calls that begin in a step. */
export const rowsBegun = (conversationId: string, { begun, entered }: CallChanges): CallRows => ({
  calls: Array.from(begun.values(), ({ call, media, by, at, endedAt }) => [
    conversationId,
    call,
    media,
    by,
    at,
    endedAt,
  ]),
  stays: Array.from(entered.values(), ({ participant, call, user, device, joinedAt, leftAt, why }) => [
    conversationId,
    participant,
    call,
    user,
    device,
    joinedAt,
    leftAt,
    why,
  ]),
});

/**
 * Writes what happened in calls, before who is a member is written: a ban names a hash, and the rows know whose it is. Nothing is asked where nothing happened
 * that concerns a call.
 */
export async function writeCalls(
  client: ClientBase,
  schema: string,
  all: readonly ConversationChanges[],
): Promise<void> {
  const concerned = all.filter(({ calls }) => calls.length > 0);
  if (concerned.length === 0) return;
  const ongoing = await ongoingCalls(client, schema, concerned);
  // Without a call before it, and none that begins, there is nothing that anybody could leave.
  const moved = concerned.filter(
    ({ conversationId, calls }) =>
      ongoing.has(conversationId) || calls.some(({ event }) => event.type === 'call.started'),
  );
  const members = await membersBanned(client, schema, moved);
  const changes = moved.map(
    ({ conversationId, calls }) =>
      [
        conversationId,
        foldCalls(
          calls,
          ongoing.get(conversationId),
          (banHash) => members.get(`${conversationId} ${banHash}`) ?? [],
        ),
      ] as const,
  );
  const begun = changes.map(([conversationId, each]) => rowsBegun(conversationId, each));
  await insertCalls(
    client,
    schema,
    begun.flatMap(({ calls }) => calls),
  );
  await insertStays(
    client,
    schema,
    begun.flatMap(({ stays }) => stays),
  );
  await endCalls(client, schema, changes);
  await endStays(client, schema, changes);
}

/** The calls that go on, as the rows have them. How their media goes is no matter here. */
async function ongoingCalls(
  client: ClientBase,
  schema: string,
  all: readonly ConversationChanges[],
): Promise<ReadonlyMap<string, Call>> {
  const { rows } = await client.query<Ongoing>({
    name: `call-ongoing-${schema}`,
    text: `select c.conversation_id, c.call, c.media, c.by_user, c.at, s.participant, s.user_id, s.device, s.joined_at
      from ${schema}.call c
      left join ${schema}.call_stay s on s.conversation_id = c.conversation_id and s.call = c.call and s.left_at is null
      where c.conversation_id = any ($1) and c.ended_at is null
      order by c.conversation_id, s.participant`,
    values: [all.map(({ conversationId }) => conversationId)],
  });
  return new Map(
    [...Map.groupBy(rows, ({ conversation_id }) => conversation_id)].map(([id, stays]) => [
      id,
      callOf(stays),
    ]),
  );
}

type Ongoing = {
  readonly conversation_id: string;
  readonly call: string;
  readonly media: Call['media'];
  readonly by_user: string;
  readonly at: string;
  readonly participant: string | null;
  readonly user_id: string;
  readonly device: string;
  readonly joined_at: string;
};

function callOf(rows: readonly Ongoing[]): Call {
  const { call, media, by_user: by, at } = rows[0] as Ongoing;
  const participants = rows.flatMap((row): (readonly [string, Participant])[] =>
    row.participant === null
      ? []
      : [
          [
            deviceKey(row.user_id, row.device),
            {
              participant: Number(row.participant),
              user: row.user_id,
              device: row.device,
              at: Number(row.joined_at),
            },
          ],
        ],
  );
  return {
    call: Number(call),
    media,
    by,
    at: Number(at),
    p2pMax: 0,
    topology: 'sfu',
    participants: LayeredMap.of(participants),
    muted: new Set(),
    broadcast: null,
  };
}

/** Who were members under the hashes that are banned, by conversation and hash. Of an erased conversation nobody is one. */
async function membersBanned(
  client: ClientBase,
  schema: string,
  all: readonly ConversationChanges[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const banned = all.flatMap(({ conversationId, banned, erasure }) =>
    erasure?.tag === 'conversation' ? [] : [...banned.keys()].map((hash) => ({ conversationId, hash })),
  );
  if (banned.length === 0) return new Map();
  const { rows } = await client.query<{ conversation_id: string; user_id: string; ban_hash: string }>({
    name: `call-banned-${schema}`,
    text: `select m.conversation_id, m.user_id, m.ban_hash from ${schema}.member m
      join unnest($1::text[], $2::text[]) as b (conversation_id, ban_hash)
        on m.conversation_id = b.conversation_id and m.ban_hash = b.ban_hash`,
    values: [banned.map(({ conversationId }) => conversationId), banned.map(({ hash }) => hash)],
  });
  const users = new Map<string, string[]>();
  for (const { conversation_id, user_id, ban_hash } of rows) {
    const key = `${conversation_id} ${ban_hash}`;
    users.set(key, [...(users.get(key) ?? []), user_id]);
  }
  return users;
}

async function insertCalls(client: ClientBase, schema: string, rows: CallRows['calls']): Promise<void> {
  if (rows.length === 0) return;
  await client.query({
    name: `call-insert-${schema}`,
    text: `insert into ${schema}.call (${CALL.replaceAll(' ', ', ')})
      select * from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
      on conflict do nothing`,
    values: columnsOf(rows, 6),
  });
}

async function insertStays(client: ClientBase, schema: string, rows: CallRows['stays']): Promise<void> {
  if (rows.length === 0) return;
  await client.query({
    name: `call-stay-insert-${schema}`,
    text: `insert into ${schema}.call_stay (${CALL_STAY.replaceAll(' ', ', ')})
      select * from unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
        $8::text[])
      on conflict do nothing`,
    values: columnsOf(rows, 8),
  });
}

type Changed = readonly (readonly [string, CallChanges])[];

async function endCalls(client: ClientBase, schema: string, changes: Changed): Promise<void> {
  const ended = changes.flatMap(([id, { ended }]) => [...ended].map(([call, at]) => [id, call, at] as const));
  if (ended.length === 0) return;
  await client.query({
    name: `call-end-${schema}`,
    text: `update ${schema}.call c set ended_at = e.at
      from unnest($1::text[], $2::bigint[], $3::bigint[]) as e (conversation_id, call, at)
      where c.conversation_id = e.conversation_id and c.call = e.call`,
    values: columnsOf(ended, 3),
  });
}

async function endStays(client: ClientBase, schema: string, changes: Changed): Promise<void> {
  const departed = changes.flatMap(([id, { departed }]) =>
    [...departed].map(([participant, { leftAt, why }]) => [id, participant, leftAt, why] as const),
  );
  if (departed.length === 0) return;
  await client.query({
    name: `call-stay-end-${schema}`,
    text: `update ${schema}.call_stay s set left_at = d.at, why = d.why
      from unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[]) as d (conversation_id, participant, at, why)
      where s.conversation_id = d.conversation_id and s.participant = d.participant`,
    values: columnsOf(departed, 4),
  });
}

const columnsOf = (rows: readonly (readonly unknown[])[], count: number): unknown[][] =>
  Array.from({ length: count }, (_, index) => rows.map((row) => row[index]));
