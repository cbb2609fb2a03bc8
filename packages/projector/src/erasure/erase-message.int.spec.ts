import { randomUUID } from 'node:crypto';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ConversationEvent } from '@parley/domain/conversation/events';
import { decodeEnvelope, type Envelope, envelop } from '@parley/domain/log/envelope';
import { readConversation } from '@parley/infra/log/conversation-reader';
import { openPublishWindow, type PublishWindow } from '@parley/infra/log/publish-window';
import { conversationFormat, openSnapshots } from '@parley/infra/log/snapshots';
import { placeOf } from '@parley/infra/log/subjects';
import { ensureTopology } from '@parley/infra/log/topology';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { storeLog } from '@parley/infra/testing/store-log';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { isRight } from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eraseMessage } from './erase-message.js';
import { knowConversations } from './known-conversations.js';
import { done, later, notYet } from './outcome.js';
import type { LogResources } from './resources.js';

const PARTITIONS = 2;
let environment: TestEnvironment;
let nats: NatsConnection;
let jsm: JetStreamManager;
let window: PublishWindow;
let resources: LogResources;

beforeAll(async () => {
  environment = await testEnvironment();
  nats = await connectNats(environment.natsUrl, 'test');
  await ensureTopology(nats, { partitions: PARTITIONS, replicas: 1 });
  jsm = await jetstreamManager(nats, { checkAPI: false });
  window = openPublishWindow(nats);
  const snapshots = await openSnapshots(nats, conversationFormat);
  const know = knowConversations(jsm, snapshots, PARTITIONS);
  resources = { jsm, window, know, partitions: PARTITIONS, now: () => 1_800_000_000_000 };
});
afterAll(async () => {
  window?.close();
  await nats?.close();
  await environment?.dispose();
});

/** A conversation in the log in which these things happened, the first at seq 2. */
async function given(...happened: readonly ConversationEvent[]): Promise<string> {
  const conversationId = randomUUID();
  const members = ['ann', 'ben'].map((user) => ({ user, role: 'owner' as const, banHash: user }));
  const created = { type: 'conversation.created', data: { kind: 'group', ttl: null, members } } as const;
  const events = [created, ...happened].map((event, index) =>
    envelop(event, {
      conversationId,
      seq: index + 1,
      at: 1_700_000_000_000 + index,
      actor: 'ann',
      commandId: `c-${index + 1}`,
    }),
  );
  await storeLog(nats, events, PARTITIONS);
  return conversationId;
}

const body = (n: number) => `s1.m2023-11.${String(n).padStart(32, 'n')}sealed`;
const sent = (ordinal: number): ConversationEvent => ({
  type: 'message.sent',
  data: { ordinal, body: body(ordinal) },
});
const edited = (seq: number): ConversationEvent => ({
  type: 'message.edited',
  data: { seq, body: body(100 + seq) },
});
const deleted = (seq: number): ConversationEvent => ({ type: 'message.deleted', data: { seq } });

async function eventsOf(conversationId: string): Promise<readonly Envelope[]> {
  const events: Envelope[] = [];
  for await (const { json } of readConversation(jsm, placeOf(conversationId, PARTITIONS))) {
    const event = decodeEnvelope(json);
    if (isRight(event)) events.push(event.right);
  }
  return events;
}

const typesOf = async (conversationId: string) =>
  (await eventsOf(conversationId)).map(({ seq, type }) => [seq, type]);

/** The same, where the broker is not reached any more after so many writes. */
function dyingAfter(writes: number): LogResources {
  let left = writes;
  const write = () => {
    if (left-- <= 0) throw new Error('killed');
  };
  const streams = new Proxy(jsm.streams, {
    get: (target, name) =>
      name === 'deleteMessage'
        ? (...args: Parameters<typeof target.deleteMessage>) => {
            write();
            return target.deleteMessage(...args);
          }
        : Reflect.get(target, name),
  });
  return {
    ...resources,
    jsm: new Proxy(jsm, {
      get: (target, name) => (name === 'streams' ? streams : Reflect.get(target, name)),
    }),
    window: {
      ...window,
      inFlight: 0,
      publish: (...args) => {
        write();
        return window.publish(...args);
      },
    },
  };
}

describe('erasing a message', () => {
  const history = [sent(1), sent(2), edited(3), edited(2), sent(3), edited(3), deleted(3), sent(4)];

  it('takes it and its edits out of the log, and says everything about them but what they said', async () => {
    const conversationId = await given(...history);
    expect(await eraseMessage(resources, { conversationId, seq: 3 })).toEqual(done);
    expect((await typesOf(conversationId)).map(([seq]) => seq)).toEqual([1, 2, 5, 6, 8, 9, 10]);
    const erased = (await eventsOf(conversationId)).at(-1);
    expect(erased).toMatchObject({
      type: 'message.erased',
      actor: '@system',
      data: {
        seq: 3,
        deletedAt: 1_700_000_000_007,
        remains: [
          {
            seq: 3,
            type: 'message.sent',
            commandId: 'c-3',
            data: { ordinal: 2, body: `e0.m2023-11.${'n'.repeat(31)}2` },
          },
          { seq: 4, type: 'message.edited', data: { seq: 3, body: expect.stringMatching(/^e0\./) } },
          { seq: 7, type: 'message.edited' },
        ],
      },
    });
    expect(await eraseMessage(resources, { conversationId, seq: 3 })).toEqual(done);
    expect(await typesOf(conversationId)).toHaveLength(7);
  });

  it('ends alike wherever it was killed', async () => {
    for (let writes = 0; writes <= 4; writes++) {
      const conversationId = await given(...history);
      const job = { conversationId, seq: 3 };
      if (writes < 4) await expect(eraseMessage(dyingAfter(writes), job)).rejects.toThrow('killed');
      else expect(await eraseMessage(dyingAfter(writes), job)).toEqual(done);
      expect(await eraseMessage(resources, job)).toEqual(done);
      expect((await typesOf(conversationId)).map(([seq]) => seq)).toEqual([1, 2, 5, 6, 8, 9, 10]);
    }
  });

  it('is done once by several who do it at the same time', async () => {
    const conversationId = await given(...history);
    const outcomes = await Promise.all(
      [1, 2, 3, 4].map(() => eraseMessage(resources, { conversationId, seq: 3 })),
    );
    expect(outcomes).toEqual([done, done, done, done]);
    expect((await typesOf(conversationId)).filter(([, type]) => type === 'message.erased')).toHaveLength(1);
  });

  it('waits for what it follows from', async () => {
    const conversationId = await given(sent(1), sent(2));
    expect(await eraseMessage(resources, { conversationId, seq: 3 })).toEqual(notYet);
    expect(await eraseMessage(resources, { conversationId, seq: 4 })).toEqual(notYet);
    expect(await eraseMessage(resources, { conversationId: 'nowhere', seq: 2 })).toEqual(notYet);
    expect(await typesOf(conversationId)).toHaveLength(3);
  });

  it('waits while the conversation is on legal hold', async () => {
    const held: ConversationEvent = { type: 'conversation.held', data: { reason: 'case 7' } };
    const conversationId = await given(sent(1), deleted(2), held);
    expect(await eraseMessage(resources, { conversationId, seq: 2 })).toEqual(later('held'));
    expect(await typesOf(conversationId)).toHaveLength(4);
  });

  it('leaves alone what was erased with its conversation', async () => {
    const conversationId = await given(sent(1), deleted(2), { type: 'conversation.erased', data: {} });
    expect(await eraseMessage(resources, { conversationId, seq: 2 })).toEqual(done);
    expect(await typesOf(conversationId)).toHaveLength(4);
  });

  it('takes out what was edited so often that one event has no room for what is left', async () => {
    const conversationId = await given(sent(1), ...Array.from({ length: 620 }, () => edited(2)), deleted(2));
    const job = { conversationId, seq: 2 };
    for (let tries = 0; (await eraseMessage(dyingAfter(300), job).catch(() => undefined)) !== done; tries++)
      expect(tries).toBeLessThan(4);
    expect(await typesOf(conversationId)).toEqual([
      [1, 'conversation.created'],
      [623, 'message.deleted'],
      [624, 'message.erased'],
      [625, 'message.erased'],
    ]);
  });
});
