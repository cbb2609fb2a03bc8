import { randomUUID } from 'node:crypto';
import { recallSeq } from '@parley/domain/conversation/recent';
import { REMEMBERED_COMMANDS } from '@parley/domain/conversation/state';
import { SYSTEM } from '@parley/domain/ids';
import { erasedBody } from '@parley/domain/sealing/sealed-text';
import { isErasureQueued } from '@parley/infra/erasure/queue';
import { eventAt } from '@parley/infra/log/conversation-reader';
import type { PublishWindow } from '@parley/infra/log/publish-window';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import * as E from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { headOf } from '../log/folded-store.js';
import { commandOf, openLog, text } from '../testing/log-fixture.js';
import { type CommandResources, handleCommand } from './handle.js';

let environment: TestEnvironment;
let log: Awaited<ReturnType<typeof openLog>>;

beforeAll(async () => {
  environment = await testEnvironment();
  log = await openLog(environment.natsUrl);
});
afterAll(async () => {
  await log?.close();
  await environment?.dispose();
});

async function group(api: CommandResources): Promise<string> {
  const conversationId = `g-${randomUUID()}`;
  const create = { conversationId, kind: 'group', members: ['bob'] } as const;
  expect(E.isRight(await handleCommand(api, commandOf('conversation.create', 'ann', create)))).toBe(true);
  return conversationId;
}

const say = (
  api: CommandResources,
  conversationId: string,
  words: string,
  commandId: string = randomUUID(),
) => handleCommand(api, commandOf('message.send', 'ann', { conversationId, commandId, body: text(words) }));

const remove = (api: CommandResources, conversationId: string, seq: number, actor = 'ann') =>
  handleCommand(api, commandOf('message.delete', actor, { conversationId, seq }));

const typesOf = async (api: CommandResources, conversationId: string) =>
  (await log.events(api, conversationId)).map(({ type }) => type);

/** Whether the queue has the job about a message. */
const isQueued = (conversationId: string, seq: number): Promise<boolean> =>
  isErasureQueued(log.jsm, { kind: 'message', conversationId, seq });

/** A window whose publishes of this kind never arrive, as when the process dies before them. */
const dyingBefore =
  (subjects: string) =>
  (window: PublishWindow): PublishWindow => ({
    ...window,
    inFlight: 0,
    publish: (subject, ...rest) =>
      subject.startsWith(subjects)
        ? Promise.resolve({ tag: 'refused', code: 503, description: 'killed' })
        : window.publish(subject, ...rest),
  });

/** Does to a deleted message what the worker does. */
async function erase(api: CommandResources, conversationId: string, seq: number): Promise<void> {
  const known = await api.store.fresh(conversationId);
  const place = api.store.placeOf(conversationId);
  const stored = await eventAt(log.jsm, place, seq, headOf(known));
  const event = stored?.json as { data: { body: string }; [key: string]: unknown };
  const { type, version, at, actor, commandId, data } = event as never;
  const left = { streamSeq: stored?.streamSeq as number, seq, type, version, at, actor, commandId };
  const remains = [{ ...left, data: { ...(data as object), body: erasedBody(event.data.body) } }];
  const done = await handleCommand(
    api,
    commandOf('message.erase', SYSTEM, { conversationId, seq, remains } as never),
  );
  expect(E.isRight(done)).toBe(true);
  await log.jsm.streams.deleteMessage(place.stream, stored?.streamSeq as number, true);
}

describe('deleting a message', () => {
  it('queues its erasure before the log has it, so that whoever is killed in between leaves nothing undone', async () => {
    const api = await log.instance();
    const conversationId = await group(api);
    await say(api, conversationId, 'one');

    const early = await log.instance(dyingBefore('erasure.'));
    expect(await remove(early, conversationId, 2)).toMatchObject({ left: { tag: 'Unavailable' } });
    expect(await typesOf(api, conversationId)).not.toContain('message.deleted');
    expect(await isQueued(conversationId, 2)).toBe(false);

    const late = await log.instance(dyingBefore('conv.'));
    expect(await remove(late, conversationId, 2)).toMatchObject({ left: { tag: 'Unavailable' } });
    expect(await typesOf(api, conversationId)).not.toContain('message.deleted');
    expect(await isQueued(conversationId, 2)).toBe(true);

    expect(E.isRight(await remove(api, conversationId, 2))).toBe(true);
    expect(await typesOf(api, conversationId)).toContain('message.deleted');
  });

  it('deletes it once, and lets nobody change it, also where that is longer ago than the state remembers', async () => {
    const api = await log.instance();
    const conversationId = await group(api);
    await say(api, conversationId, 'one');
    await say(api, conversationId, 'two');
    await remove(api, conversationId, 2);
    const forget = async () => {
      for (let n = 0; n < REMEMBERED_COMMANDS + 32; n++) await say(api, conversationId, `more ${n}`);
    };
    await forget();
    expect(recallSeq((await api.store.fresh(conversationId)).state.recent, 4)).toBeUndefined();
    const react = (seq: number) =>
      handleCommand(api, commandOf('message.react', 'bob', { conversationId, seq, emoji: '🌹' }));
    expect(await react(2)).toMatchObject({ left: { tag: 'MessageNotFound' } });
    expect(await react(3)).toMatchObject({ right: {} });
    const before = await typesOf(api, conversationId);
    expect(E.isRight(await remove(api, conversationId, 2))).toBe(true);
    expect(await typesOf(api, conversationId)).toEqual(before);

    // A job alone is none: whoever had queued it may have died, or been refused.
    const late = await log.instance(dyingBefore('conv.'));
    await remove(late, conversationId, 3);
    expect(await isQueued(conversationId, 3)).toBe(true);
    expect(await react(3)).toMatchObject({ right: {} });

    await erase(api, conversationId, 2);
    expect(await react(2)).toMatchObject({ left: { tag: 'MessageNotFound' } });
    await forget();
    expect(E.isRight(await remove(api, conversationId, 2))).toBe(true);
  });

  it('queues nothing where nothing is deleted', async () => {
    const api = await log.instance();
    const conversationId = await group(api);
    await say(api, conversationId, 'one');
    expect(await remove(api, conversationId, 2, 'eve')).toMatchObject({ left: { tag: 'NotAMember' } });
    expect(await remove(api, conversationId, 9)).toMatchObject({ left: { tag: 'MessageNotFound' } });
    for (const seq of [2, 9]) expect(await isQueued(conversationId, seq)).toBe(false);
  });
});

describe('a message that the log has no more', () => {
  it('is not sent a second time, nor is its ordinal given away, by an instance that never saw it', async () => {
    const api = await log.instance();
    const conversationId = await group(api);
    await say(api, conversationId, 'one');
    const first = await say(api, conversationId, 'two', 'mine');
    await remove(api, conversationId, 3);
    await erase(api, conversationId, 3);
    const types = await typesOf(api, conversationId);
    expect(types).toEqual(['conversation.created', 'message.sent', 'message.deleted', 'message.erased']);

    const cold = await log.instance();
    expect((await cold.store.known(conversationId)).state).toEqual(
      (await api.store.fresh(conversationId)).state,
    );
    const again = await say(cold, conversationId, 'two', 'mine');
    expect(again).toMatchObject({ right: { seq: 3, repeated: true } });
    expect(again).toMatchObject(E.map((answer: object) => ({ ...answer, repeated: true }))(first));
    expect(await typesOf(api, conversationId)).toEqual(types);
    expect(await remove(cold, conversationId, 3)).toMatchObject({ right: { seq: 5 } });

    expect(await say(cold, conversationId, 'three')).toMatchObject({ right: { seq: 6 } });
    expect((await log.events(api, conversationId)).at(-1)?.data).toMatchObject({ ordinal: 3 });
  });
});
