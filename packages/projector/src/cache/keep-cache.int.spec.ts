import type { Envelope } from '@parley/domain/log/envelope';
import { commands } from '@parley/domain/testing/arbitraries';
import { happen } from '@parley/domain/testing/history';
import { membershipsKey } from '@parley/infra/read-model/memberships';
import type { MessageRow } from '@parley/infra/read-model/message-row';
import {
  decodePage,
  encodePage,
  foldForward,
  type NewestPage,
  PAGE_ROWS,
  pageKey,
} from '@parley/infra/read-model/newest-page';
import { waitFor } from '@parley/infra/testing/wait-for';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Commit } from '../project-batch.js';
import { renamed, talk } from '../testing/big-log.js';
import { openReadModel, type ReadModel, schema } from '../testing/read-model-fixture.js';
import { fillMemberships } from './fill-memberships.js';
import { type Cache, keepCache } from './keep-cache.js';
import { pagePipeline } from './page-scripts.js';
import { readPages } from './read-pages.js';

describe('the cache', { timeout: 60_000 }, () => {
  let model: ReadModel;
  let pool: pg.Pool;
  let redis: Redis;
  let cache: Cache;
  let failures = 0;

  beforeAll(async () => {
    model = await openReadModel();
    pool = new pg.Pool({ connectionString: model.environment.databaseUrl, max: 2 });
  });
  afterAll(async () => {
    await pool.end();
    await model.close();
  });
  beforeEach(async () => {
    redis = new Redis(model.environment.redisUrl, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      lazyConnect: true,
    });
    redis.on('error', () => undefined);
    await redis.connect();
    failures = 0;
    cache = keepCache({ redis, database: pool, schema, onFailure: () => failures++ });
  });
  afterEach(async () => {
    await cache.close();
    redis.disconnect();
  });

  const cached = async (id: string): Promise<NewestPage | undefined> => {
    const text = await redis.get(pageKey(schema, id));
    return text === null ? undefined : decodePage(text);
  };

  const stored = async (id: string): Promise<NewestPage> => {
    const page = (await readPages(pool, schema, [id])).get(id);
    if (page === undefined) throw new Error(`no rows of ${id}`);
    return page;
  };

  const upToDate = (id: string) =>
    waitFor(
      async () => {
        expect(await cached(id)).toEqual(await stored(id));
        return true;
      },
      { what: `the page of ${id} to be what the rows say` },
    );

  async function project(events: readonly Envelope[], pending = 0): Promise<readonly Commit[]> {
    const { commits } = await model.given(...events);
    cache.committed(commits, pending);
    return commits;
  }

  const cut = (events: readonly Envelope[], at: readonly number[]) => {
    const edges = [0, ...at.filter((edge) => edge < events.length).toSorted((a, b) => a - b), events.length];
    return edges.slice(1).map((edge, index) => events.slice(edges[index], edge));
  };

  it('comes to hold the newest page of every conversation, whatever happens in it', async () => {
    const logs = fc
      .sample(commands, { seed: 11, numRuns: 40 })
      .map((tried, index) => renamed(happen(tried).log, `any-${index}`));
    for (const [index, log] of logs.entries()) {
      for (const batch of cut(log, [3, 5 + index, 20, 21])) await project(batch);
    }
    const there = logs.filter((log) => log.length > 0).map(([first]) => (first as Envelope).conversationId);
    for (const id of there) await upToDate(id);
  });

  it('appends to the page of a conversation that only goes on, and cuts it when it has grown', async () => {
    const sends = talk('growing', 900).filter(
      ({ type }) => type === 'message.sent' || type === 'conversation.created',
    );
    const log = sends.map((event, index) => ({ ...event, seq: index + 1 }));
    for (const batch of cut(
      log,
      Array.from({ length: 60 }, (_, index) => index * 15),
    ))
      await project(batch);
    await upToDate('growing');
    const page = (await cached('growing')) as NewestPage;
    expect(page.messages).toHaveLength(PAGE_ROWS);
    expect(await redis.strlen(pageKey(schema, 'growing'))).toBeLessThan(80_000);
  });

  it('holds at no moment a page that its revision does not describe', async () => {
    const log = talk('hurried', 300);
    const pages: NewestPage[] = [];
    for (const batch of cut(
      log,
      Array.from({ length: 100 }, (_, index) => index * 3),
    )) {
      await project(batch);
      const page = await cached('hurried');
      if (page) pages.push(page);
    }
    for (const page of pages) {
      const before = log.filter(({ seq }) => seq <= page.revision);
      expect(shownIn(page)).toEqual(shownIn(foldForward({ revision: 0, messages: [] }, before)));
    }
  });

  it('reads pages from the rows after it has caught up with a log that was far ahead', async () => {
    await project(talk('far', 200), 5_000);
    expect(await cached('far')).toBeUndefined();
    await project(renamed(talk('near', 3), 'near'), 0);
    await upToDate('far');
  });

  it('leaves a page as it is while Redis is away, and mends it afterwards', async () => {
    const log = sendsOnly(talk('mended', 40));
    await project(log.slice(0, 10));
    await upToDate('mended');
    redis.disconnect();
    await project(log.slice(10));
    await waitFor(() => failures > 0, { what: 'the failure' });
    await waitFor(() => redis.status === 'end', { what: 'the connection to be closed' });
    await redis.connect();
    await upToDate('mended');
  });

  it('keeps whose conversation is whose, also where people left or Redis was away', async () => {
    const [created] = talk('club', 1) as [Envelope];
    const left: Envelope = {
      ...created,
      seq: 2,
      type: 'member.removed',
      data: { users: ['ben'] },
      version: 1,
    } as Envelope;
    await project([created]);
    await waitFor(async () => (await redis.smembers(membershipsKey(schema, 'ben'))).includes('club'), {
      what: 'ben in the club',
    });
    redis.disconnect();
    await project([left]);
    await waitFor(() => failures > 0, { what: 'the failure' });
    await waitFor(() => redis.status === 'end', { what: 'the connection to be closed' });
    await redis.connect();
    await waitFor(async () => !(await redis.smembers(membershipsKey(schema, 'ben'))).includes('club'), {
      what: 'ben out of the club',
    });
    expect(await redis.smembers(membershipsKey(schema, 'ann'))).toContain('club');
  });

  it('puts all memberships of a build there when it begins to be served, and again where they were lost', async () => {
    await project(talk('choir', 1));
    await redis.flushdb();
    const begin = async (): Promise<{ end(): Promise<void> }> => {
      const stop = new AbortController();
      const resources = { redis, database: pool, schema, onFailure: () => failures++ };
      const filling = fillMemberships(resources, stop.signal);
      await waitFor(async () => (await redis.exists(membershipsKey(schema, '~filled'))) === 1, {
        what: 'all memberships',
      });
      return {
        async end() {
          stop.abort();
          await filling;
        },
      };
    };
    const first = await begin();
    expect(await redis.smembers(membershipsKey(schema, 'ann'))).toContain('choir');
    await first.end();
    await redis.flushdb();
    const second = await begin();
    expect(await redis.smembers(membershipsKey(schema, 'ann'))).toContain('choir');
    await second.end();
    expect(failures).toBe(0);
  });

  it('never puts an older page over a newer one, and appends only to the revision before', async () => {
    const page = (revision: number): NewestPage => ({ revision, messages: [] });
    const answers = await pagePipeline(redis)
      .putPage(pageKey(schema, 'order'), 5, encodePage(page(5)))
      .putPage(pageKey(schema, 'order'), 4, encodePage(page(4)))
      .advancePage(pageKey(schema, 'order'), 4, '#9\n')
      .advancePage(pageKey(schema, 'order'), 5, '#6\n')
      .advancePage(pageKey(schema, 'missing'), 3, '#4\n')
      .advancePage(pageKey(schema, 'new'), 0, '#1\n')
      .exec();
    expect(answers?.map(([, answer]) => answer)).toEqual([1, 0, 0, 1, 0, 1]);
    expect(await cached('order')).toEqual(page(6));
  });
});

const shownIn = (page: NewestPage): readonly MessageRow[] => page.messages.slice(-30);

const sendsOnly = (log: readonly Envelope[]): readonly Envelope[] =>
  log
    .filter(({ type }) => type === 'message.sent' || type === 'conversation.created')
    .map((event, index) => ({ ...event, seq: index + 1 }));
