import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { openConversationStore } from '@parley/command-api/conversations/store';
import type { NewestPageResources } from '@parley/command-api/queries/newest-page';
import { SessionSync, SessionSyncHandler } from '@parley/command-api/queries/session-sync';
import { readConversations } from '@parley/command-api/read/conversations';
import { openViews } from '@parley/command-api/read/open-views';
import type { Envelope } from '@parley/domain/log/envelope';
import { partitionOf } from '@parley/domain/log/partition';
import { commands } from '@parley/domain/testing/arbitraries';
import { happen } from '@parley/domain/testing/history';
import type { QueryOf } from '@parley/domain/wire/queries';
import type { SyncPage } from '@parley/domain/wire/sync';
import type { ConversationView } from '@parley/domain/wire/views';
import type { LoggedMessage } from '@parley/infra/log/delivery';
import { conversationFormat, openSnapshots } from '@parley/infra/log/snapshots';
import { ensureTopology } from '@parley/infra/log/topology';
import { migrate } from '@parley/infra/read-model/migrate';
import { NEWEST_MODEL } from '@parley/infra/read-model/models';
import type { ReadModel } from '@parley/infra/read-model/served-version';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { TEST_MASTER_KEY } from '@parley/infra/testing/master-key';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { openVault } from '@parley/infra/vault/open-vault';
import type { Vault } from '@parley/infra/vault/vault';
import { type ProjectionName, readCheckpoint } from '@parley/projector/checkpoint';
import { projectBatch } from '@parley/projector/project-batch';
import { receipts } from '@parley/projector/receipts/projection';
import { renamed, talk } from '@parley/projector/testing/big-log';
import { naivePlaces } from '@parley/projector/testing/naive-places';
import { tablesOfLog } from '@parley/projector/testing/tables-of-log';
import { timeline } from '@parley/projector/timeline/projection';
import { WINDOW_MS } from '@parley/projector/window';
import fc from 'fast-check';
import { isLeft } from 'fp-ts/lib/Either.js';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const schema = 'rm_1';
const PARTITIONS = 2;
const projections = { timeline, receipts };

describe('synchronising an account', { timeout: 120_000 }, () => {
  let environment: TestEnvironment;
  let client: pg.Client;
  let pool: pg.Pool;
  let nats: NatsConnection;
  let vault: Vault;
  let handler: SessionSyncHandler;

  beforeAll(async () => {
    environment = await testEnvironment();
    await migrate(environment.databaseUrl);
    client = new pg.Client(environment.databaseUrl);
    await client.connect();
    pool = new pg.Pool({ connectionString: environment.databaseUrl, max: 4 });
    // The database is dropped while connections still close.
    pool.on('connect', (connection) => connection.on('error', () => undefined));
    nats = await connectNats(environment.natsUrl, 'test');
    await ensureTopology(nats, { partitions: PARTITIONS, replicas: 1 });
    vault = await openVault({ nats, masterKeys: [TEST_MASTER_KEY] });
    handler = new SessionSyncHandler({
      database: pool,
      vault,
      store: openConversationStore({
        jsm: await jetstreamManager(nats),
        snapshots: await openSnapshots(nats, conversationFormat),
        partitions: PARTITIONS,
        maxCached: 100,
        onUnreadable: () => undefined,
      }),
      served: { read: (run: (model: ReadModel) => unknown) => run({ schema, model: NEWEST_MODEL }) },
      now: () => 0,
      caughtUp: async () => 0,
    } as unknown as NewestPageResources);
  });
  afterAll(async () => {
    await client.end();
    await pool.end();
    await vault.close();
    await nats.close();
    await environment.dispose();
  });

  async function sync(user: string, params: QueryOf<'session.sync'>): Promise<SyncPage> {
    const page = await handler.execute(new SessionSync(user, params));
    if (isLeft(page)) throw new Error(JSON.stringify(page.left));
    return page.right;
  }

  /** All pages of one synchronisation, put together. */
  async function syncAll(user: string, since: string | undefined, limit: number): Promise<SyncPage> {
    const from = since === undefined ? {} : { since };
    const first = await sync(user, { ...from, limit });
    const conversations = [...first.conversations];
    for (let page = first; page.hasMore; ) {
      page = await sync(user, { ...from, limit, after: page.nextCursor as string });
      expect(page).toMatchObject({ token: first.token, full: first.full, left: [] });
      conversations.push(...page.conversations);
    }
    return { ...first, conversations, hasMore: false };
  }

  const account = async (reader: string) =>
    openViews(
      vault,
      (await readConversations(pool, { schema, reader, limit: 200, now: 0 })).conversations,
      reader,
    );

  /** Projects messages behind what was projected of this partition before. */
  async function project(projection: ProjectionName, partition: number, messages: readonly LoggedMessage[]) {
    const share = { projection, partition };
    const from = await readCheckpoint(client, schema, share);
    await projectBatch({ client, schema, share }, projections[projection], from, messages);
  }

  const empty = () =>
    client.query(
      `truncate ${[
        'conversation',
        'member',
        'ban',
        'message',
        'reaction',
        'receipt',
        'departure',
        'call',
        'call_stay',
        'checkpoint',
        'dead_letter',
      ]
        .map((table) => `${schema}.${table}`)
        .join(', ')}`,
    );

  const user = fc.constantFrom('ann', 'bob', 'cem');
  const gap = fc.constantFrom(0, 1, 1_000, WINDOW_MS - 1, WINDOW_MS, 9 * WINDOW_MS, -9 * WINDOW_MS);
  const step = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        tag: fc.constant('events' as const),
        of: fc.nat({ max: 2 }),
        count: fc.integer({ min: 1, max: 9 }),
        gap,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        tag: fc.constant('mark' as const),
        of: fc.nat({ max: 2 }),
        user,
        read: fc.nat({ max: 40 }),
        gap,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        tag: fc.constant('sync' as const),
        user,
        token: fc.nat(),
        limit: fc.integer({ min: 1, max: 3 }),
      }),
    },
  );

  it('tells what a comparison of the whole account would, whenever and since whenever', async () => {
    let told = 0;
    let left = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(commands, { minLength: 2, maxLength: 2 }),
        fc.array(step, { minLength: 10, maxLength: 40, size: 'max' }),
        async (tried, steps) => {
          await empty();
          const rest = tried.map((each, index) => [...renamed(happen(each).log, `c${index}`)]);
          // One in which people do little but send, which is written in another way.
          rest.push([...talk('c2', 200)]);
          const log: Envelope[][] = Array.from({ length: PARTITIONS }, () => []);
          const marks: { conversationId: string; user: string }[][] = Array.from(
            { length: PARTITIONS },
            () => [],
          );
          const tokens: { token: string; user: string; log: number[]; marks: number[] }[] = [];
          let clock = 1_000_000_000;

          for (const step of steps) {
            if (step.tag === 'events') {
              const events = rest[step.of]?.splice(0, step.count) ?? [];
              if (events.length === 0) continue;
              const partition = partitionOf(`c${step.of}`, PARTITIONS);
              const known = log[partition] as Envelope[];
              const messages = events.map((event, index) => {
                clock += step.gap;
                return message(known.length + index + 1, `conv.00.c${step.of}`, event, clock);
              });
              known.push(...events);
              await project('timeline', partition, messages);
            } else if (step.tag === 'mark') {
              const partition = partitionOf(`c${step.of}`, PARTITIONS);
              const known = marks[partition] as { conversationId: string; user: string }[];
              const { user, read } = step;
              const mark = { conversationId: `c${step.of}`, user, delivered: read, read, at: clock };
              clock += step.gap;
              known.push(mark);
              await project('receipts', partition, [
                message(known.length, `rcpt.00.c${step.of}.${user}`, mark, clock),
              ]);
            } else {
              const mine = tokens.filter(({ user }) => user === step.user);
              const since = mine.length === 0 ? undefined : mine[step.token % (mine.length + 1)];
              const answer = await syncAll(step.user, since?.token, step.limit);
              const all = await account(step.user);
              const departures = log.flatMap((events, partition) =>
                naivePlaces(events).departure.filter(
                  (row) =>
                    row.user_id === step.user && (row.changed as number) > (since?.log[partition] ?? 0),
                ),
              );
              const hasChanged = ({ conversationId }: ConversationView) => {
                if (since === undefined) return true;
                const partition = partitionOf(conversationId, PARTITIONS);
                return (
                  log[partition]
                    ?.slice(since.log[partition])
                    .some((event) => event.conversationId === conversationId) ||
                  marks[partition]
                    ?.slice(since.marks[partition])
                    .some((mark) => mark.conversationId === conversationId && mark.user === step.user)
                );
              };
              expect(all.map(({ conversationId }) => conversationId).toSorted()).toEqual(
                membershipsOf(log, step.user),
              );
              expect(answer.conversations).toEqual(all.filter(hasChanged));
              expect(answer.full).toBe(since === undefined);
              expect(answer.left.toSorted()).toEqual(
                since === undefined ? [] : departures.map((row) => row.conversation_id).toSorted(),
              );
              told += answer.conversations.length;
              left += answer.left.length;
              tokens.push({
                token: answer.token,
                user: step.user,
                log: log.map(({ length }) => length),
                marks: marks.map(({ length }) => length),
              });
            }
          }
        },
      ),
      { numRuns: 60 },
    );
    expect(told).toBeGreaterThan(100);
    expect(left).toBeGreaterThan(0);
  });

  it('loses nothing that is projected meanwhile, on whatever page', async () => {
    await empty();
    const CONVERSATIONS = 12;
    const histories = Array.from({ length: CONVERSATIONS }, (_, index) =>
      renamed(talk('x', 120), `talk-${index}`),
    );
    let isProjecting = true;
    const projecting = (async () => {
      const next = [0, 0];
      for (let turn = 0; turn < 120; turn += 3) {
        for (const history of histories) {
          const events = history.slice(turn, turn + 3);
          const partition = partitionOf(events[0]?.conversationId as string, PARTITIONS);
          const messages = events.map((event) => {
            next[partition] = (next[partition] as number) + 1;
            return message(next[partition], `conv.00.${event.conversationId}`, event, (turn * WINDOW_MS) / 3);
          });
          await project('timeline', partition, messages);
        }
      }
      isProjecting = false;
    })();

    const known = new Map<string, ConversationView>();
    let token: string | undefined;
    let rounds = 0;
    for (let isLast = false; ; rounds++) {
      const page = await syncAll('ann', token, 3);
      if (page.full) known.clear();
      for (const view of page.conversations) known.set(view.conversationId, view);
      token = page.token;
      if (isLast) break;
      isLast = !isProjecting;
    }
    await projecting;
    expect(rounds).toBeGreaterThan(3);
    const all = await account('ann');
    expect(all).toHaveLength(CONVERSATIONS);
    expect([...known.values()].toSorted(byId)).toEqual(all.toSorted(byId));
    expect((await syncAll('ann', token, 3)).conversations).toEqual([]);
  });

  it('tells everything where a token is of another read model or of a log that was further', async () => {
    const { token, conversations } = await syncAll('ann', undefined, 50);
    expect(conversations.length).toBeGreaterThan(0);
    const further = token.replace(/~(\w+)\.(\w+)\./, '~$1.zzzzz.');
    for (const since of [token.replace('rm_1', 'rm_7'), further]) {
      expect(await syncAll('ann', since, 50)).toMatchObject({ full: true, token, conversations });
    }
  });

  it('tells everything where more was left than an answer names', async () => {
    const { token } = await syncAll('ann', undefined, 50);
    const [, seq = ''] = /~0\.(\w+)\./.exec(token) ?? [];
    const leave = (from: number, to: number) =>
      client.query(
        `insert into ${schema}.departure select 'left-' || n, 'ann', 0, $3 from generate_series($1::int, $2::int) n`,
        [from, to, Number.parseInt(seq, 36) + 1],
      );
    await leave(1, 1_000);
    const named = await syncAll('ann', token, 50);
    expect(named).toMatchObject({ full: false, conversations: [] });
    expect(named.left).toHaveLength(1_000);
    await leave(1_001, 1_001);
    expect(await syncAll('ann', token, 50)).toMatchObject({ full: true, left: [] });
  });

  it('is refused as retryable while the rows are away', async () => {
    const away = new pg.Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/none' });
    const resources = {
      database: away,
      served: { read: (run: (model: ReadModel) => unknown) => run({ schema, model: NEWEST_MODEL }) },
      now: () => 0,
      caughtUp: async () => undefined,
    };
    const asking = new SessionSyncHandler(resources as unknown as NewestPageResources);
    expect(await asking.execute(new SessionSync('ann', {}))).toMatchObject({ left: { tag: 'Unavailable' } });
    await away.end();
  });

  it.each([
    [{ since: 'garbage' }],
    [{ since: '__proto__~0.1.0.0.0' }],
    [{ since: 'rm_1~0.1' }],
    [{ since: 'rm_1~0.1.2.0.0' }],
    [{ since: 'rm_1~-1.1.1.0.0' }],
    [{ after: 'x~1~YQ~rm_1' }],
    [{ after: 'c~1~YQ~rm_1' }],
    [{ after: 'f~!~YQ~rm_1' }],
  ])('refuses what it has never made: %o', async (params) => {
    expect(await handler.execute(new SessionSync('ann', params))).toMatchObject({
      left: { tag: 'InvalidParams' },
    });
  });
});

const message = (streamSeq: number, subject: string, payload: unknown, storedAt: number): LoggedMessage => ({
  streamSeq,
  subject,
  bytes: Buffer.from(JSON.stringify(payload)),
  storedAt,
  pending: 0,
  headers: undefined,
});

const membershipsOf = (log: readonly (readonly Envelope[])[], user: string): readonly string[] =>
  log
    .flatMap((events) => {
      const { member, conversation } = tablesOfLog(events);
      const known = new Set(
        conversation.filter(({ kind }) => kind !== null).map((row) => row.conversation_id),
      );
      return member.filter((row) => row.user_id === user && known.has(row.conversation_id));
    })
    .map((row) => row.conversation_id as string)
    .toSorted();

const byId = (a: ConversationView, b: ConversationView): number =>
  a.conversationId < b.conversationId ? -1 : 1;
