import { randomUUID } from 'node:crypto';
import type { NatsConnection } from '@nats-io/transport-node';
import { readConversation } from '@parley/infra/log/conversation-reader';
import type { MessageRow } from '@parley/infra/read-model/message-row';
import { encodePage, pageKey } from '@parley/infra/read-model/newest-page';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CommandResources, handleCommand } from '../commands/handle.js';
import { commandOf, openLog, text } from '../testing/log-fixture.js';
import {
  type NewestPageResources,
  newestFromCache,
  newestFromCacheAndLog,
  openPageMemory,
} from './newest-page.js';

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
    resources = {
      ...api,
      redis,
      pages: openPageMemory(),
      served,
      now: Date.now,
    } as unknown as NewestPageResources;
  });
  afterAll(async () => {
    redis?.disconnect();
    await log?.close();
    await environment?.dispose();
  });

  const served = { current: async () => ({ schema: 'rm_1', model: 2 }) };
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
    return redis.set(pageKey('rm_1', id), encodePage({ revision: newest, messages }));
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
    await redis.del(pageKey('rm_1', id));
    expect(await read(id)).toMatchObject({ right: { revision: 2 } });

    await send(id);
    expect(await read(id)).toBeUndefined();
    await put(id, 3);
    expect(await read(id)).toMatchObject({ right: { revision: 3, messages: [{ seq: 2 }, { seq: 3 }] } });
    await redis.del(pageKey('rm_1', id));
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
    await put(id, 2).then(() =>
      redis.set(pageKey('rm_1', id), encodePage({ revision: 3, messages: [row(2)] })),
    );
    expect(await read(id, 'bob')).toBeUndefined();
    expect(await read(id)).toMatchObject({ right: { revision: 3 } });
    expect(await read(id, 'bob')).toBeUndefined();
  });

  it('is brought forward from where its newest event was, also where that was erased', async () => {
    const id = await group();
    for (let seq = 3; seq <= 5; seq++) await send(id);
    await put(id, 5);
    await handleCommand(api, commandOf('message.delete', 'ann', { conversationId: id, seq: 5 }));
    const place = api.store.placeOf(id);
    const streamSeqs: number[] = [];
    for await (const { streamSeq } of readConversation(log.jsm, place)) streamSeqs.push(streamSeq);
    await log.jsm.streams.deleteMessage(place.stream, streamSeqs[4] as number, true);

    const from: number[] = [];
    const { nc } = log.jsm as unknown as { readonly nc: NatsConnection };
    const asking: NatsConnection = Object.create(nc);
    asking.publish = (subject, payload, options) => {
      from.push((JSON.parse(String(payload)) as { seq: number }).seq);
      nc.publish(subject, payload, options);
    };
    asking.subscribe = (...subscription) => nc.subscribe(...subscription);
    const jsm = Object.create(log.jsm);
    Object.defineProperty(jsm, 'nc', { value: asking });
    const page = await newestFromCacheAndLog({ ...resources, jsm }, id, 'ann', 50);
    expect(page).toMatchObject({ right: { revision: 6, messages: [{}, {}, {}, { seq: 5, body: null }] } });
    expect(from[0]).toBeGreaterThan(streamSeqs[3] as number);
  });
});
