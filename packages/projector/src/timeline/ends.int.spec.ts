import type { ConversationEvent } from '@parley/domain/conversation/events';
import { type Envelope, envelop } from '@parley/domain/log/envelope';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openReadModel, type ReadModel } from '../testing/read-model-fixture.js';
import { MAX_REMOVED_AT_ONCE } from './write-erasures.js';

const NOON = 1_767_268_800_000;
const body = 's1.t1-1767268805.c2VhbGVk';

describe('what ends', { timeout: 60_000 }, () => {
  let model: ReadModel;
  let made = 0;

  beforeAll(async () => {
    model = await openReadModel();
  });
  afterAll(() => model.close());

  /** A new conversation of ann, ben and cem, and its events to come. */
  async function conversation(ttl: number | null = null) {
    const conversationId = `garden-${++made}`;
    let seq = 0;
    let ordinal = 0;
    const event = (actor: string, { type, data }: ConversationEvent): Envelope => {
      seq++;
      return envelop({ type, data } as ConversationEvent, {
        conversationId,
        seq,
        at: NOON + seq,
        actor,
        commandId: `c-${seq}`,
      });
    };
    const sent = (actor: string, expiresAt?: number) =>
      event(actor, {
        type: 'message.sent',
        data: { ordinal: ++ordinal, body, ...(expiresAt === undefined ? {} : { expiresAt }) },
      });
    const members = (['ann', 'ben', 'cem'] as const).map((user) => ({
      user,
      role: user === 'ann' ? ('owner' as const) : ('member' as const),
      banHash: `h-${user}`,
    }));
    await model.given(event('ann', { type: 'conversation.created', data: { kind: 'group', ttl, members } }));
    return { conversationId, event, sent, given: model.given };
  }

  /** Rows of a table that are of this conversation, each as its columns joined. */
  async function rows(table: string, columns: string, conversationId: string): Promise<readonly unknown[][]> {
    const { rows } = await model.client.query({
      text: `select ${columns} from rm_1.${table} where conversation_id = $1 order by 1`,
      values: [conversationId],
      rowMode: 'array',
    });
    return rows as unknown as unknown[][];
  }
  const dueOf = async (id: string) => (await rows('conversation', 'next_due::float8', id))[0]?.[0];

  it('has nothing due while it is being imported, and all that is due when its last event is there', async () => {
    for (const isWholeAtOnce of [false, true]) {
      const { conversationId: id, sent, given } = await conversation();
      const past = [sent('ann', NOON + 60_000), sent('ben', NOON + 50_000), sent('ann', NOON + 70_000)].map(
        (event) => ({ ...event, importedTo: 4 }),
      );
      if (isWholeAtOnce) await given(...past);
      else {
        await given(...past.slice(0, 2));
        expect(await dueOf(id)).toBeNull();
        await given(...past.slice(2));
      }
      expect(await dueOf(id)).toBe(NOON + 50_000);
    }
  });

  it('is due next where the earliest message is that has not expired, deleted ones included', async () => {
    const { conversationId: id, event, sent, given } = await conversation();
    await given(sent('ann', NOON + 9_000), sent('ann'), sent('ben', NOON + 7_000), sent('ben', NOON + 8_000));
    expect(await dueOf(id)).toBe(NOON + 7_000);
    await given(event('ben', { type: 'message.deleted', data: { seq: 4 } }));
    expect(await dueOf(id)).toBe(NOON + 7_000);
    await given(event('@system', { type: 'message.expired', data: { ranges: [[4, 4]] } }));
    expect(await dueOf(id)).toBe(NOON + 8_000);
    await given(event('@system', { type: 'message.expired', data: { ranges: [[2, 5]] } }));
    expect(await dueOf(id)).toBeNull();
  });

  it('is due when the conversation itself ends, if that is earlier, and not when it no longer does', async () => {
    const { conversationId: id, event, sent, given } = await conversation();
    await given(sent('ann', NOON + 9_000));
    await given(event('ann', { type: 'conversation.expirySet', data: { expiresAt: NOON + 6_000 } }));
    expect(await dueOf(id)).toBe(NOON + 6_000);
    await given(event('ann', { type: 'conversation.expirySet', data: { expiresAt: null } }));
    expect(await dueOf(id)).toBe(NOON + 9_000);
  });

  it('costs a busy conversation with one life for all nothing: its updates stay heap-only', async () => {
    const { sent, given } = await conversation(60);
    await given(sent('ann', NOON + 60_000));
    const before = await heapOnlyUpdates();
    for (let i = 1; i <= 8; i++) await given(sent('ann', NOON + 60_000 + i));
    const after = await heapOnlyUpdates();
    expect(after.all - before.all).toBe(8);
    expect(after.heapOnly - before.heapOnly).toBe(8);
  });

  it('on hold says why, since when and by whom, until it is lifted', async () => {
    const { conversationId: id, event, given } = await conversation();
    await given(event('olga', { type: 'conversation.held', data: { reason: 'case 7' } }));
    const hold = () => rows('conversation', 'hold_reason, hold_since::float8, hold_by', id);
    expect(await hold()).toEqual([['case 7', NOON + 2, 'olga']]);
    await given(event('olga', { type: 'conversation.released', data: {} }));
    expect(await hold()).toEqual([[null, null, null]]);
  });

  it('takes reactions and pins with it in the same transaction', async () => {
    const { conversationId: id, event, sent, given } = await conversation();
    await given(sent('ann', NOON + 9_000), sent('ann', NOON + 9_000), sent('ann'));
    for (const seq of [2, 3, 4]) {
      await given(
        event('ben', { type: 'message.reacted', data: { seq, emoji: '+1', removed: false } }),
        event('ann', { type: 'message.pinned', data: { seq, author: 'ann' } }),
      );
    }
    expect(await rows('pin', 'seq::int, by_user', id)).toEqual([
      [2, 'ann'],
      [3, 'ann'],
      [4, 'ann'],
    ]);
    await given(
      event('ann', { type: 'message.edited', data: { seq: 3, body } }),
      event('ann', { type: 'message.deleted', data: { seq: 3 } }),
    );
    await given(event('@system', { type: 'message.expired', data: { ranges: [[2, 3]] } }));
    expect(await rows('pin', 'seq::int', id)).toEqual([[4]]);
    expect(await rows('reaction', 'seq::int', id)).toEqual([[4]]);
    expect(await rows('message', 'seq::int, expired, edited_at, body is null, reactions', id)).toEqual([
      [2, true, null, true, 0],
      [3, true, null, true, 0],
      [4, false, null, false, 1],
    ]);
  });

  it('leaves of a person tombstones, nobody with their name and nothing of theirs on what others said', async () => {
    const { conversationId: id, event, sent, given } = await conversation();
    await receiptOf(id, 'ann');
    await receiptOf(id, 'ben');
    await given(
      sent('ann'),
      sent('ben'),
      event('ann', { type: 'message.reacted', data: { seq: 3, emoji: '+1', removed: false } }),
      event('ann', { type: 'message.reacted', data: { seq: 3, emoji: '-1', removed: false } }),
      event('ben', { type: 'message.reacted', data: { seq: 3, emoji: '+1', removed: false } }),
      event('ben', { type: 'message.reacted', data: { seq: 2, emoji: '+1', removed: false } }),
      event('ann', { type: 'message.edited', data: { seq: 2, body } }),
      event('ann', { type: 'message.pinned', data: { seq: 2, author: 'ann' } }),
      event('ann', { type: 'message.pinned', data: { seq: 3, author: 'ben' } }),
    );
    const { commits } = await given(
      event('@system', { type: 'member.erased', data: { user: 'ann', successor: 'ben' } }),
    );
    expect(commits[0]?.written).toEqual({ entered: [], left: [{ conversationId: id, user: 'ann' }] });
    expect(
      await rows('message', 'seq::int, deleted_at::float8, edited_at, body is null, reactions', id),
    ).toEqual([
      [2, NOON + 11, null, true, 0],
      [3, null, null, false, 1],
    ]);
    expect(await rows('reaction', 'seq::int, user_id', id)).toEqual([[3, 'ben']]);
    expect(await rows('pin', 'seq::int', id)).toEqual([[3]]);
    expect(await rows('member', 'user_id, role', id)).toEqual([
      ['ben', 'owner'],
      ['cem', 'member'],
    ]);
    expect(await rows('conversation', 'member_count', id)).toEqual([[2]]);
    expect(await rows('departure', 'user_id', id)).toEqual([['ann']]);
    expect(await rows('receipt', 'user_id', id)).toEqual([['ben']]);
  });

  it('leaves of a person nothing in calls: those they were in stay, and one that they were in alone is over', async () => {
    const { conversationId: id, event, given } = await conversation();
    const start = (by: string) =>
      event(by, { type: 'call.started', data: { media: 'voice', device: 'd', p2pMax: 4 } });
    await given(
      start('ben'),
      event('ann', { type: 'call.joined', data: { call: 2, device: 'd' } }),
      event('ben', { type: 'call.left', data: { call: 2, participant: 2, user: 'ben', why: 'left' } }),
    );
    expect(await rows('call_stay', 'participant::int, user_id, left_at::float8, why', id)).toEqual([
      [2, 'ben', NOON + 4, 'left'],
      [3, 'ann', null, null],
    ]);
    await given(
      event('@system', { type: 'member.erased', data: { user: 'ann', successor: 'ben' } }),
      start('ben'),
    );
    expect(await rows('call', 'call::int, ended_at::float8', id)).toEqual([
      [2, NOON + 5],
      [6, null],
    ]);
    expect(await rows('call_stay', 'participant::int, user_id', id)).toEqual([
      [2, 'ben'],
      [6, 'ben'],
    ]);
  });

  it('leaves of a conversation that it was, and tells its members that they are none', async () => {
    const { conversationId: id, event, sent, given } = await conversation(60);
    await receiptOf(id, 'ben');
    await given(
      event('ann', { type: 'conversation.renamed', data: { title: 'p0."Roses"' } }),
      event('ann', { type: 'conversation.expirySet', data: { expiresAt: NOON + 9_000 } }),
      sent('ann', NOON + 9_000),
      event('ben', { type: 'message.reacted', data: { seq: 4, emoji: '+1', removed: false } }),
      event('ann', { type: 'message.pinned', data: { seq: 4, author: 'ann' } }),
      event('ann', { type: 'call.started', data: { media: 'voice', device: 'd', p2pMax: 4 } }),
      event('ann', { type: 'member.banned', data: { banHash: 'h-cem' } }),
    );
    // In one batch with what went before it, and with another conversation.
    const other = await conversation();
    const { commits } = await given(
      sent('ben', NOON + 9_000),
      other.sent('ann', NOON + 5_000),
      event('ann', { type: 'conversation.erased', data: {} }),
      other.sent('ann', NOON + 4_000),
    );
    for (const table of ['message', 'reaction', 'pin', 'ban', 'member', 'receipt', 'call', 'call_stay'])
      expect(await rows(table, '1', id), table).toEqual([]);
    expect(
      await rows(
        'conversation',
        `kind, title, ttl, expires_at, next_due, hold_since, messages::int, member_count, last_activity_at::int,
         revision::int, erased_at::float8`,
        id,
      ),
    ).toEqual([[null, null, null, null, null, null, 0, 0, 0, 10, NOON + 10]]);
    expect(await rows('departure', 'user_id', id)).toEqual([['ann'], ['ben'], ['cem']]);
    expect(commits[0]?.written.left.map(({ user }) => user).sort()).toEqual(['ann', 'ben']);
    expect(await dueOf(other.conversationId)).toBe(NOON + 4_000);
  });

  it('is removed in the transaction as far as it is not too much, and can be found for the rest', async () => {
    const { conversationId: id, event, given, sent } = await conversation();
    await given(...Array.from({ length: MAX_REMOVED_AT_ONCE + 7 }, () => sent('ann')));
    await given(event('ann', { type: 'conversation.erased', data: {} }));
    expect(await rows('message', 'count(*)::int', id)).toEqual([[7]]);
    const { rows: left } = await model.client.query(
      `select c.conversation_id from rm_1.conversation c where c.erased_at is not null and c.partition = 0
       and exists (select from rm_1.message m where m.conversation_id = c.conversation_id)`,
    );
    expect(left).toEqual([{ conversation_id: id }]);
  });

  const receiptOf = (id: string, user: string) =>
    model.client.query(
      `insert into rm_1.receipt (conversation_id, user_id, delivered, read, at) values ($1, $2, 1, 1, 1)`,
      [id, user],
    );

  async function heapOnlyUpdates() {
    await model.client.query('select pg_stat_force_next_flush()');
    const { rows } = await model.client.query<{ all: string; hot: string }>(
      `select n_tup_upd as all, n_tup_hot_upd as hot from pg_stat_user_tables
       where schemaname = 'rm_1' and relname = 'conversation'`,
    );
    return { all: Number(rows[0]?.all), heapOnly: Number(rows[0]?.hot) };
  }
});
