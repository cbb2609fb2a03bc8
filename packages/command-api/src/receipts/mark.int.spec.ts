import { randomUUID } from 'node:crypto';
import type { LoggedReceipt } from '@parley/domain/wire/receipts';
import { receiptPlaceOf } from '@parley/infra/log/subjects';
import * as E from 'fp-ts/lib/Either.js';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handleCommand } from '../commands/handle.js';
import { openReadFixture, type ReadFixture, served } from '../read/read-fixture.js';
import { commandOf, openLog, PARTITIONS, text } from '../testing/log-fixture.js';
import { mark, openReceiptCache, type ReceiptResources } from './mark.js';
import { MarkReceipts, MarkReceiptsHandler } from './mark-receipts.js';
import { openUnreadCounter } from './unread-counter.js';

const NOW = 1_000;

describe('marking', () => {
  let fixture: ReadFixture;
  let log: Awaited<ReturnType<typeof openLog>>;
  let api: Awaited<ReturnType<typeof log.instance>>;

  beforeAll(async () => {
    fixture = await openReadFixture();
    log = await openLog(fixture.environment.natsUrl);
    api = await log.instance();
  });
  afterAll(async () => {
    await log?.close();
    await fixture?.close();
  });

  const resourcesWith = (database: pg.Pool): ReceiptResources => ({
    ...api,
    partitions: PARTITIONS,
    cache: openReceiptCache(1_000),
    countUnread: openUnreadCounter({
      database,
      served,
      now: () => NOW,
      patience: 20_000,
      onError: (error) => {
        throw error;
      },
    }),
  });
  const withRows = () => resourcesWith(fixture.pool);
  /** Where nobody listens. */
  const withoutRows = () =>
    resourcesWith(new pg.Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/none', max: 1 }));

  /** A group of ann and bob in which ann has sent as many messages, in the log and in rows. */
  async function group(messages: number): Promise<string> {
    const conversationId = `g-${randomUUID()}`;
    const data = { conversationId, kind: 'group' as const, members: ['bob'] };
    await handleCommand(api, commandOf('conversation.create', 'ann', data));
    const seqs = Array.from({ length: messages }, (_, index) => index + 2);
    for (const _ of seqs)
      await handleCommand(api, commandOf('message.send', 'ann', { conversationId, body: text('x') }));
    await fixture.conversation(
      conversationId,
      ['ann', 'bob'],
      seqs.map((seq) => ({ seq, author: 'ann' })),
    );
    return conversationId;
  }

  const logged = async (conversationId: string, user: string): Promise<LoggedReceipt | undefined> => {
    const { stream, subject } = receiptPlaceOf(conversationId, user, PARTITIONS);
    return (await log.jsm.direct.getMessage(stream, { last_by_subj: subject }))?.json();
  };

  it('says how much is unread, to whoever marks and to all who hear of it', async () => {
    const conversationId = await group(4);
    const moved = await mark(withRows(), 'bob', { conversationId, read: 3 }, 7);
    const watermarks = { conversationId, user: 'bob', delivered: 3, read: 3, at: 7, unread: 2, revision: 5 };
    expect(moved).toEqual(E.right(watermarks));
    expect(await logged(conversationId, 'bob')).toEqual({ ...watermarks, members: 2 });
  });

  it('says that nothing is unread without asking the database', async () => {
    const conversationId = await group(2);
    expect(await mark(withoutRows(), 'bob', { conversationId, read: 3 }, 7)).toMatchObject({
      right: { read: 3, unread: 0, revision: 3 },
    });
    expect(await mark(withoutRows(), 'ann', { conversationId, read: 1 }, 7)).toMatchObject({
      right: { read: 1, unread: 0, revision: 3 },
    });
  });

  it('leaves out what cannot be counted while the database is away', async () => {
    const conversationId = await group(3);
    const moved = await mark(withoutRows(), 'bob', { conversationId, read: 2 }, 7);
    expect(moved).toEqual(E.right({ conversationId, user: 'bob', delivered: 2, read: 2, at: 7 }));
  });

  it('does not count where nothing more was read', async () => {
    const conversationId = await group(3);
    const resources = withRows();
    expect(await mark(resources, 'bob', { conversationId, delivered: 4 }, 7)).toEqual(
      E.right({ conversationId, user: 'bob', delivered: 4, read: 0, at: 7 }),
    );
    await mark(resources, 'bob', { conversationId, read: 2 }, 8);
    expect(await mark(resources, 'bob', { conversationId, read: 1 }, 9)).toMatchObject({
      right: { read: 2, delivered: 4, at: 8 },
    });
  });

  it('counts a thousand at once', async () => {
    const resources = withRows();
    const ids = await Promise.all([group(1), group(2), group(3)]);
    const counted = await Promise.all(
      Array.from({ length: 999 }, (_, n) =>
        resources.countUnread({ conversationId: ids[n % 3] as string, user: 'bob', read: n % 2 }),
      ),
    );
    expect(counted).toEqual(
      Array.from({ length: 999 }, (_, n) => ({ unread: (n % 3) + 1, revision: (n % 3) + 2 })),
    );
    expect(await resources.countUnread({ conversationId: 'nowhere', user: 'bob', read: 0 })).toBeUndefined();
  });

  it('moves what it can of a batch and says which marks it refuses', async () => {
    const [mine, other] = [await group(2), `g-${randomUUID()}`];
    const handler = new MarkReceiptsHandler(withRows());
    const batch = (...marks: { conversationId: string; read: number }[]) =>
      handler.execute(new MarkReceipts('bob', marks, Date.now()));
    expect(
      await batch(
        { conversationId: mine, read: 99 },
        { conversationId: mine, read: 3 },
        { conversationId: other, read: 1 },
      ),
    ).toMatchObject({
      right: {
        watermarks: [{ conversationId: mine, read: 3 }],
        refused: [
          { conversationId: mine, tag: 'BeyondTheHead', retryable: false },
          { conversationId: other, tag: 'ConversationNotFound', retryable: false },
        ],
      },
    });
    expect(await batch({ conversationId: mine, read: 99 }, { conversationId: other, read: 1 })).toMatchObject(
      { right: { watermarks: [], refused: [{ tag: 'BeyondTheHead' }, { tag: 'ConversationNotFound' }] } },
    );
    expect(await batch({ conversationId: mine, read: 99 })).toMatchObject({ left: { tag: 'BeyondTheHead' } });
    expect(await batch({ conversationId: mine, read: 3 })).toEqual(
      E.right({ watermarks: [expect.objectContaining({ read: 3 })] }),
    );
  });

  it('keeps a bounded number of moves', async () => {
    const conversationId = await group(40);
    const resources = withRows();
    for (let read = 1; read <= 41; read++) await mark(resources, 'bob', { conversationId, read }, read);
    const { stream, subject } = receiptPlaceOf(conversationId, 'bob', PARTITIONS);
    const { state } = await log.jsm.streams.info(stream, { subjects_filter: subject });
    expect(state.subjects).toEqual({ [subject]: 32 });
  });
});
