import { randomUUID } from 'node:crypto';
import type { MessageRow } from '@parley/infra/read-model/message-row';
import { encodePage, pageKey } from '@parley/infra/read-model/newest-page';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CommandResources, handleCommand } from '../commands/handle.js';
import { commandOf, openLog, text } from '../testing/log-fixture.js';
import { type NewestPageResources, newestFromCache, openPageMemory } from './newest-page.js';

describe('the newest page', () => {
  let environment: TestEnvironment;
  let log: Awaited<ReturnType<typeof openLog>>;
  let api: CommandResources;
  let redis: Redis;
  let resources: NewestPageResources;

  beforeAll(async () => {
    environment = await testEnvironment();
    log = await openLog(environment.natsUrl);
    api = await log.instance();
    redis = new Redis(environment.redisUrl);
    resources = { ...api, redis, pages: openPageMemory(), now: Date.now } as unknown as NewestPageResources;
  });
  afterAll(async () => {
    redis?.disconnect();
    await log?.close();
    await environment?.dispose();
  });

  const row = (seq: number): MessageRow => ({
    seq,
    ordinal: seq - 1,
    author: 'ann',
    at: seq,
    sentAt: null,
    replyTo: null,
    expiresAt: null,
    editedAt: null,
    deletedAt: null,
    body: `p0.{"kind":"text","text":"${seq}"}`,
    reactions: [],
  });
  /** Puts the page into Redis as the projector would. */
  const put = (id: string, newest: number) => {
    const messages = Array.from({ length: newest - 1 }, (_, index) => row(index + 2));
    return redis.set(pageKey(id), encodePage({ revision: newest, messages }));
  };
  const read = (id: string, reader = 'ann') => newestFromCache(resources, id, reader, 50);
  const send = (conversationId: string) =>
    handleCommand(api, commandOf('message.send', 'ann', { conversationId, body: text('x') }));

  async function group(): Promise<string> {
    const conversationId = `g-${randomUUID()}`;
    await handleCommand(
      api,
      commandOf('conversation.create', 'ann', { conversationId, kind: 'group', members: ['bob'] }),
    );
    await send(conversationId);
    await put(conversationId, 2);
    return conversationId;
  }

  it('is remembered as long as nothing happens, and read again when something has', async () => {
    const id = await group();
    expect(await read(id)).toMatchObject({ right: { revision: 2, messages: [{ seq: 2 }] } });
    await redis.del(pageKey(id));
    expect(await read(id)).toMatchObject({ right: { revision: 2 } });

    await send(id);
    expect(await read(id)).toBeUndefined();
    await put(id, 3);
    expect(await read(id)).toMatchObject({ right: { revision: 3, messages: [{ seq: 2 }, { seq: 3 }] } });
    await redis.del(pageKey(id));
    expect(await read(id)).toMatchObject({ right: { revision: 3 } });
  });

  it('that is behind the log is not served, nor remembered in place of a newer one', async () => {
    const id = await group();
    await send(id);
    expect(await read(id)).toBeUndefined();
    await put(id, 3);
    await read(id);
    await put(id, 2);
    expect(await read(id)).toMatchObject({ right: { revision: 3 } });
  });

  it('is shown to nobody who is no member any more', async () => {
    const id = await group();
    expect(await read(id, 'bob')).toMatchObject({ right: { revision: 2 } });
    await handleCommand(api, commandOf('member.remove', 'ann', { conversationId: id, users: ['bob'] }));
    await put(id, 2).then(() => redis.set(pageKey(id), encodePage({ revision: 3, messages: [row(2)] })));
    expect(await read(id, 'bob')).toBeUndefined();
    expect(await read(id)).toMatchObject({ right: { revision: 3 } });
    expect(await read(id, 'bob')).toBeUndefined();
  });
});
