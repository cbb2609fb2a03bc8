import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { type KnownOfPast, readKnownOfPast } from '@parley/command-api/read/known-of-past';
import { readTimeline } from '@parley/command-api/read/timeline';
import { readUnread } from '@parley/command-api/read/unread';
import { readWatermarks } from '@parley/command-api/read/watermarks';
import { isOver } from '@parley/domain/conversation/access';
import type { Command } from '@parley/domain/conversation/commands';
import { foldHistory } from '@parley/domain/history/fold-history';
import { emptyHistory, type History } from '@parley/domain/history/history';
import { membersThen } from '@parley/domain/history/members-then';
import { pageThen } from '@parley/domain/history/page-then';
import { type HistoricMessage, reactionsTo } from '@parley/domain/history/timeline';
import { type KeptMove, watermarksThen } from '@parley/domain/history/watermarks-then';
import { SYSTEM } from '@parley/domain/ids';
import type { Envelope } from '@parley/domain/log/envelope';
import { commands } from '@parley/domain/testing/arbitraries';
import { command, NOON, text } from '@parley/domain/testing/commands';
import { happen } from '@parley/domain/testing/history';
import { readHistory } from '@parley/infra/log/read-history';
import { placeOf } from '@parley/infra/log/subjects';
import { ensureTopology, KEPT_MOVES } from '@parley/infra/log/topology';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { storeLog } from '@parley/infra/testing/store-log';
import { readCheckpoint } from '@parley/projector/checkpoint';
import { projectBatch } from '@parley/projector/project-batch';
import { receipts } from '@parley/projector/receipts/projection';
import { renamed } from '@parley/projector/testing/big-log';
import { type ErasedLog, eraseInLog } from '@parley/projector/testing/erase-in-log';
import {
  emptyTables,
  openReadModel,
  type ReadModel,
  schema,
} from '@parley/projector/testing/read-model-fixture';
import { readRows } from '@parley/projector/testing/read-tables';
import { timeline } from '@parley/projector/timeline/projection';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const PARTITIONS = 2;
const PAGE = 7;
const ID = 'then';

let model: ReadModel;
let nats: NatsConnection;
beforeAll(async () => {
  model = await openReadModel();
  nats = await connectNats(model.environment.natsUrl, 'test');
  await ensureTopology(nats, { partitions: PARTITIONS, replicas: 1 });
});
afterAll(async () => {
  await nats?.close();
  await model?.close();
});

/** What people do who have much to say: most of it is allowed. */
const lively = fc.array(
  fc
    .record({
      type: fc.constantFrom(
        'message.send',
        'message.send',
        'message.send',
        'message.send',
        'message.edit',
        'message.delete',
        'message.delete',
        'message.react',
        'message.pin',
        'message.expire',
      ),
      actor: fc.constantFrom('ann', 'ann', 'bob', 'cem'),
      seq: fc.integer({ min: 2, max: 14 }),
      at: fc.integer({ min: 0, max: 86_400_000 }),
      ttl: fc.constantFrom(undefined, undefined, 60, 36_000),
    })
    .map(({ type, actor, seq, at, ttl }): Command => {
      const body = text(`said at ${at}`);
      const data = {
        'message.send': { body, ...(ttl === undefined ? {} : { ttl }) },
        'message.edit': { seq, body },
        'message.delete': { seq },
        'message.react': { seq, emoji: '+1' },
        'message.pin': { seq },
        'message.expire': { ranges: [[seq, seq + 1]] },
      }[type];
      return command(
        type as 'message.send',
        type === 'message.expire' ? SYSTEM : actor,
        data as never,
        NOON + at,
      );
    }),
  { minLength: 20, maxLength: 40, size: 'max' },
);

const created = command('conversation.create', 'ann', {
  kind: 'group',
  members: ['bob', 'cem', 'constructor'],
} as never) as Command;

/** Time goes forward in it, as for whoever reads rows in between, and there is room for receipts between two events. */
const logs = fc.tuple(commands, lively).map(([tried, more]) => {
  // Of those who try everything only some: they are soon done with a conversation.
  const inTime = [created, ...tried.slice(1, 6), ...more].toSorted((one, other) => one.at - other.at);
  return renamed(happen(inTime).log, ID).map((event, index) => ({ ...event, at: event.at + index * 1_000 }));
});

/** Somebody's watermarks move, after this event. */
const marks = fc.array(
  fc.record({
    after: fc.nat({ max: 40 }),
    user: fc.constantFrom('ann', 'bob', 'cem'),
    read: fc.nat({ max: 60 }),
  }),
  { maxLength: 40 },
);

describe('a conversation as it was', { timeout: 120_000 }, () => {
  it('is what the read model showed then, after every event and every receipt', async () => {
    const compared = { moments: 0, members: 0, inexact: 0 };
    await fc.assert(
      fc.asyncProperty(logs, marks, async (log, marks) => {
        await emptyTables(model.client);
        const moments: { readonly seq: number; readonly at: number; readonly shown: Shown }[] = [];
        const look = async (seq: number, at: number) => moments.push({ seq, at, shown: await shownNow(at) });
        let moved = 0;
        const reached = new Map<string, number>();
        for (const event of log) {
          await project('timeline', event.seq, event);
          await look(event.seq, event.at);
          for (const { user, read } of marks.filter(({ after }) => after === event.seq)) {
            if (!mayMark(user, log.slice(0, event.seq))) continue;
            const at = event.at + ++moved;
            // Nobody's watermarks go back, or beyond the newest event.
            reached.set(user, Math.max(reached.get(user) ?? 0, Math.min(read, event.seq)));
            await project('receipts', moved, {
              conversationId: ID,
              user,
              ...upTo(reached.get(user) ?? 0),
              at,
            });
            await look(event.seq, at);
          }
        }
        const known = await readKnownOfPast(model.client, { ...whole, users: PEOPLE });
        const members = new Set(moments.at(-1)?.shown.members.map(({ user_id }) => user_id));
        const history = emptyHistory(ID);
        for (const { seq, at, shown } of moments) {
          if (history.revision < seq) foldHistory(history, log[seq - 1] as Envelope);
          const { readers: told, ...then } = viewAt(history, at, known, members);
          const { readers, ...view } = shown;
          expect({ seq, ...then }).toEqual({ seq, ...view });
          for (const [index, reader] of told.entries()) {
            const { exact, ...rest } = reader;
            compared.members++;
            if (exact) expect({ seq, ...rest }).toEqual({ seq, ...readers[index] });
            else {
              compared.inexact++;
              expect(reader.unread).toBeLessThanOrEqual(readers[index]?.unread as number);
            }
          }
          compared.moments++;
        }
      }),
      { numRuns: 15 },
    );
    expect(compared.moments).toBeGreaterThan(100);
    expect(compared.inexact).toBeLessThan(compared.members / 3);
  });

  it('is read from the log alike while messages are there and once they are erased, at every seq and time', async () => {
    const jsm = await jetstreamManager(nats);
    let run = 0;
    let erased = 0;
    await fc.assert(
      fc.asyncProperty(logs, async (log) => {
        const conversationId = `gone-${++run}`;
        const place = placeOf(conversationId, PARTITIONS);
        const events = renamed(log, conversationId);
        const deleted = events.flatMap((event) => (event.type === 'message.deleted' ? [event.data.seq] : []));
        const { whole, emptied } = deleted.reduce<ErasedLog>(
          (each, seq) => eraseInLog(each, conversationId, seq),
          { whole: events.map((event, index) => ({ streamSeq: index + 1, event })), emptied: [] },
        );
        await storeLog(
          nats,
          whole.map(({ event }) => event),
          PARTITIONS,
        );
        const last = (await jsm.streams.info(place.stream)).state.last_seq;
        for (const streamSeq of emptied)
          await jsm.streams.deleteMessage(place.stream, last - whole.length + streamSeq, true);
        erased += emptied.length;

        const history = emptyHistory(conversationId);
        for (const { event } of whole) {
          const { revision: seq, at } = foldHistory(history, event);
          const asked = { conversationId, partitions: PARTITIONS, now: at + 1 };
          const read = await readHistory(jsm, { ...asked, at: { tag: 'seq', seq } });
          expect(read).toMatchObject({ tag: 'read', at, head: whole.length, unreadable: [] });
          if (read.tag !== 'read') continue;
          expect(withoutWords(read.history)).toEqual(withoutWords(history));
          if (seq % 3 > 0 || at === whole[seq]?.event.at) continue;
          const byTime = await readHistory(jsm, { ...asked, at: { tag: 'time', time: at } });
          expect(byTime).toEqual({ ...read, at });
        }
      }),
      { numRuns: 12 },
    );
    expect(erased).toBeGreaterThan(0);
  });
});

/** Members do, and who was erased is none again. */
function mayMark(user: string, log: readonly Envelope[]): boolean {
  const history = emptyHistory(ID);
  for (const event of log) {
    if (event.type === 'member.erased' && event.data.user === user) return false;
    foldHistory(history, event);
  }
  return history.members.has(user);
}

const upTo = (read: number) => ({ delivered: read, read });

const PEOPLE = ['ann', 'bob', 'cem', 'dan', 'constructor', '__proto__'];
const whole = { schema, conversationId: ID, seqs: [], upTo: Number.MAX_SAFE_INTEGER };

/** What real queries show at a time. */
async function shownNow(now: number) {
  const { client } = model;
  const rows = (text: string) => readRows(client, text.replaceAll('$', `'${ID}'`));
  const [conversation] = await rows(
    `select kind, title, ttl, closed, revision, member_count, expires_at, hold_reason, hold_since, hold_by
     from rm_1.conversation where conversation_id = $`,
  );
  const members = await rows(
    'select user_id, role, since from rm_1.member where conversation_id = $ order by user_id',
  );
  const reader = members[0]?.user_id as string | undefined;
  const page = async (bound: { readonly before?: number; readonly after?: number }) => {
    const found = await readTimeline(client, {
      schema,
      // Replies are told of the present alone.
      model: 1,
      conversationId: ID,
      reader: reader as string,
      limit: PAGE,
      now,
      ...bound,
    });
    if (found.tag !== 'page') return 'ended';
    return { messages: found.messages, hasMore: found.hasMore };
  };
  const users = members.map(({ user_id }) => user_id as string);
  const marked = await readWatermarks(client, { schema, conversationId: ID, users });
  const readers = users.map((user) => ({ user, ...(marked.get(user) ?? { delivered: 0, read: 0 }) }));
  const counted = await readUnread(client, {
    schema,
    now,
    readers: readers.map((each) => ({ conversationId: ID, ...each })),
  });
  return {
    conversation,
    members,
    pins: (await rows('select seq from rm_1.pin where conversation_id = $ order by seq')).map(
      ({ seq }) => seq,
    ),
    pages: reader === undefined ? [] : [await page({}), await page({ before: 9 }), await page({ after: 4 })],
    readers: readers.map((each, index) => ({ ...each, unread: counted[index]?.unread })),
  };
}
type Shown = Awaited<ReturnType<typeof shownNow>>;

/** The same of a history. */
function viewAt(history: History, now: number, known: KnownOfPast, membersNow: ReadonlySet<unknown>) {
  const users = [...history.members.keys()].sort();
  const [reader] = users;
  const page = (bound: { readonly before?: number; readonly after?: number }) => {
    if (isOver(history.expiresAt, now)) return 'ended';
    const { messages, hasMore } = pageThen(history, { limit: PAGE, now, ...bound });
    return { messages: messages.map((message) => rowFor(reader as string, message)), hasMore };
  };
  const members = membersThen(history, now, users, (user) => {
    const own = known.moves.get(user) ?? [];
    return watermarksThen(own, now, {
      oldest: own.length >= KEPT_MOVES,
      any: false,
      all: !membersNow.has(user),
    });
  });
  return {
    conversation: {
      kind: history.kind,
      title: history.title,
      ttl: history.ttl,
      closed: history.closed,
      revision: history.revision,
      member_count: history.members.size,
      expires_at: history.expiresAt,
      hold_reason: history.hold?.reason ?? null,
      hold_since: history.hold?.since ?? null,
      hold_by: history.hold?.by ?? null,
    },
    members: members.map(({ user, role, since }) => ({ user_id: user, role, since })),
    pins: [...history.pins.keys()].sort((a, b) => a - b),
    pages: reader === undefined ? [] : [page({}), page({ before: 9 }), page({ after: 4 })],
    readers: members.map(({ role: _, since: __, ...reader }) => reader),
  };
}

function rowFor(reader: string, message: HistoricMessage) {
  const { expired: _, ...row } = message;
  const reactions = reactionsTo(message).map((reaction) => ({
    ...reaction,
    users: reaction.users.filter((user) => user === reader),
  }));
  return { ...row, reactions };
}

/** All of a history but what messages said, which is gone of those that were erased. */
const withoutWords = ({ timeline, holes, ...rest }: History) => ({
  ...rest,
  missing: holes.unclaimed,
  timeline: Array.from(timeline, (message) => ({ ...message, body: message.body === null })),
});

type Mark = KeptMove & { readonly conversationId: string; readonly user: string };

async function project(name: 'timeline' | 'receipts', streamSeq: number, content: Envelope | Mark) {
  const share = { projection: name, partition: 0 } as const;
  const from = await readCheckpoint(model.client, schema, share);
  const message = {
    streamSeq,
    subject: `conv.00.${ID}`,
    bytes: Buffer.from(JSON.stringify(content)),
    storedAt: content.at,
    pending: 0,
    headers: undefined,
  };
  await projectBatch({ client: model.client, schema, share }, { timeline, receipts }[name], from, [message]);
}
