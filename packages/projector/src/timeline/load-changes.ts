import type { ClientBase } from 'pg';
import type { CheckpointMove } from '../checkpoint.js';
import { type CopyOf, copyRows } from '../rebuild/copy-rows.js';
import { windowBegan } from '../window.js';
import type { ConversationChanges, TimelineChanges } from './changes.js';
import { copyMessages, copySent } from './copy-messages.js';
import { firstDue } from './due.js';
import { foldCalls } from './fold-calls.js';
import { ALWAYS, MAX_MARKED } from './marks.js';
import { CALL, CALL_STAY, keepsCalls, rowsBegun } from './write-calls.js';
import { writeStep } from './write-changes.js';
import { onlySendsIn } from './write-sends.js';

/**
 * Writes what a batch changes into a build whose indexes are postponed: by COPY all messages that were sent in it, and all rows of
 * conversations that begin in it; the rest as `writeChanges` does. What is due next, what members are marked with, and what sending does to
 * conversations is left behind, and made good for all rows at once when the load is over.
 *
 * @throws what Postgres says of a row that is there already, or that it does not take: then the batch is written as `writeChanges` does.
 */
export async function loadChanges(
  client: ClientBase,
  schema: string,
  changes: TimelineChanges,
  move: CheckpointMove,
): Promise<void> {
  for (const step of changes) {
    const { begun = [], sending = [], others = [] } = Object.groupBy(step, kindOf);
    await loadBegun(client, schema, begun, move);
    await loadSending(client, schema, sending, move);
    await writeStep(client, schema, others, move, { isLoad: true });
  }
}

const kindOf = (one: ConversationChanges): 'begun' | 'sending' | 'others' =>
  beginsHere(one) ? 'begun' : onlySendsIn(one) ? 'sending' : 'others';

/** What sending does to conversations is noted, and written once for each when the load is over, not once for each batch. */
async function loadSending(
  client: ClientBase,
  schema: string,
  sending: readonly ConversationChanges[],
  { share, windows }: CheckpointMove,
): Promise<void> {
  await copySent(client, schema, sending);
  await copyRows(
    client,
    {
      table: `${schema}.postponed_activity`,
      columns: [
        'conversation_id',
        'partition',
        'revision',
        'messages',
        'last_activity_at',
        'changed',
        'marked',
      ],
      fields: (one: ConversationChanges) => [
        one.conversationId,
        share.partition,
        one.revision,
        one.messages,
        one.lastActivityAt,
        one.changed,
        windowBegan(windows, one.changed),
      ],
    },
    sending,
  );
}

/** Whether the step has all that ever happened in the conversation: then its rows are all new, and as they are at its end. */
const beginsHere = ({ kind, step, erasure, erased }: ConversationChanges): boolean =>
  kind !== undefined && step === 0 && erasure === undefined && erased.length === 0;

async function loadBegun(
  client: ClientBase,
  schema: string,
  begun: readonly ConversationChanges[],
  move: CheckpointMove,
): Promise<void> {
  if (begun.length === 0) return;
  const { partition } = move.share;
  const rows = begun.map((one) => rowsOf(one, move));
  const put = <A>(table: string, columns: string, fields: CopyOf<A>['fields'], some: readonly A[]) =>
    copyRows(client, { table: `${schema}.${table}`, columns: columns.split(' '), fields }, some);

  await put(
    'conversation',
    CONVERSATION,
    ({ one, members, marked }) => conversationFields(one, members.length, partition, marked),
    rows,
  );
  await put(
    'member',
    'conversation_id user_id role since ban_hash partition marked',
    ({ id, user, role, since, banHash, marked }) => [id, user, role, since, banHash, partition, marked],
    rows.flatMap(({ members }) => members),
  );
  await put(
    'departure',
    'conversation_id user_id partition changed',
    ({ id, user, at }) => [id, user, partition, at],
    rows.flatMap(({ departed }) => departed),
  );
  await put(
    'ban',
    'conversation_id ban_hash',
    ({ id, hash }) => [id, hash],
    rows.flatMap(({ bans }) => bans),
  );
  await put(
    'reaction',
    'conversation_id seq emoji user_id',
    ({ id, seq, emoji, user }) => [id, seq, emoji, user],
    rows.flatMap(({ reactions }) => reactions),
  );
  await put(
    'pin',
    'conversation_id seq by_user at',
    ({ id, seq, by, at }) => [id, seq, by, at],
    rows.flatMap(({ pins }) => pins),
  );
  if (keepsCalls(move.from.model)) {
    const called = begun
      .filter(({ calls }) => calls.length > 0)
      .map(({ conversationId, calls }) =>
        rowsBegun(
          conversationId,
          foldCalls(calls, undefined, () => []),
        ),
      );
    const asItIs = <A extends readonly (string | number | null)[]>(row: A) => row;
    await put(
      'call',
      CALL,
      asItIs,
      called.flatMap(({ calls }) => calls),
    );
    await put(
      'call_stay',
      CALL_STAY,
      asItIs,
      called.flatMap(({ stays }) => stays),
    );
  }
  const counted = rows.flatMap(({ one, counts }) =>
    [...one.sent.values()].map((message) => ({
      id: one.conversationId,
      message,
      reactions: counts.get(message.seq) ?? 0,
    })),
  );
  await copyMessages(client, schema, counted);
}

const CONVERSATION =
  'conversation_id kind title ttl closed revision messages last_activity_at member_count changed marked partition expires_at ' +
  'next_due hold_reason hold_since hold_by';

const conversationFields = (
  one: ConversationChanges,
  members: number,
  partition: number,
  marked: number | string,
) => [
  one.conversationId,
  one.kind ?? null,
  one.title ?? null,
  one.ttl ?? null,
  one.closed === true,
  one.revision,
  one.messages,
  one.lastActivityAt,
  members,
  one.changed,
  marked,
  partition,
  one.expiresAt ?? null,
  earlier(one.expiresAt ?? null, firstDue(one)),
  one.hold?.reason ?? null,
  one.hold?.since ?? null,
  one.hold?.by ?? null,
];

const earlier = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.min(one, other);

/** The rows of a conversation that begins and ends here, as the statements of `writeChanges` would leave them. */
function rowsOf(one: ConversationChanges, { windows }: CheckpointMove) {
  const { conversationId: id, sent } = one;
  const present = [...one.members].filter(([, { tag }]) => tag === 'present').length;
  const marked = present > MAX_MARKED ? ALWAYS : windowBegan(windows, one.changed);
  const isThere = (seq: number): boolean => {
    const message = sent.get(seq);
    return message !== undefined && message.deletedAt === null && !message.expired;
  };
  const reactions = [...one.reactions.values()].filter(({ seq, present }) => present && isThere(seq));
  const counts = new Map<number, number>();
  for (const { seq } of reactions) counts.set(seq, (counts.get(seq) ?? 0) + 1);
  return {
    one,
    marked,
    counts,
    members: [...one.members].flatMap(([user, change]) =>
      change.tag === 'present' ? [{ id, user, ...change, marked }] : [],
    ),
    departed: [...one.members].flatMap(([user, change]) =>
      change.tag === 'absent' ? [{ id, user, at: change.at }] : [],
    ),
    bans: [...one.bans].flatMap(([hash, set]) => (set ? [{ id, hash }] : [])),
    reactions: reactions.map((reaction) => ({ id, ...reaction })),
    pins: [...one.pins].flatMap(([seq, { pin }]) =>
      pin !== undefined && isThere(seq) ? [{ id, seq, ...pin }] : [],
    ),
  };
}
