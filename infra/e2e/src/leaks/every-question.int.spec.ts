import { randomUUID } from 'node:crypto';
import { internalQuestions } from '@parley/command-api/internal/serve';
import { samples } from '@parley/domain/testing/samples';
import type { Method } from '@parley/domain/wire/core-methods';
import { type MethodName, methods } from '@parley/domain/wire/methods';
import { type VoiceMethod, voiceMethods } from '@parley/domain/wire/voice';
import { openRpcClient, type RpcClient } from '@parley/infra/rpc/client';
import type { ForeignClient } from '@parley/infra/testing/foreign-client';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MovedClockStack, openMovedClockStack, PARTITIONS } from './moved-clock-stack.js';
import { OVER, type Planted, plant, tells, text } from './planted.js';

/** Calls carry no message: what is said of them is asked as in their samples. */
const ofVoice = Object.fromEntries(
  Object.keys(voiceMethods).map((name) => [
    name,
    (planted: Planted) => ({ ...samples[name as VoiceMethod].params, ...of(planted) }),
  ]),
) as Readonly<Record<VoiceMethod, (planted: Planted) => object>>;

/** What a method is asked with here; a method that is new has to be given its own. */
const paramsOf: Readonly<Record<MethodName, (planted: Planted, expiresAt: number) => object>> = {
  'session.open': ({ conversationId }) => ({ token: 'x', device: 'd', resume: { [conversationId]: 1 } }),
  'session.renew': () => ({ token: 'x' }),
  'session.sync': () => ({}),
  'conversation.create': ({ conversationId }) => ({ conversationId, kind: 'group', members: ['bob'] }),
  'conversation.list': () => ({}),
  'conversation.get': of,
  'conversation.rename': (planted) => ({ ...of(planted), title: 'Meadow' }),
  'conversation.setTtl': (planted) => ({ ...of(planted), ttl: 60 }),
  'conversation.setExpiry': (planted, expiresAt) => ({ ...of(planted), expiresAt }),
  'conversation.close': of,
  'conversation.hold': (planted) => ({ ...of(planted), reason: 'case 7' }),
  'conversation.release': of,
  'conversation.erase': of,
  'member.add': (planted) => ({ ...of(planted), users: ['dan'] }),
  'member.remove': (planted) => ({ ...of(planted), users: ['bob'] }),
  'member.leave': of,
  'member.setRole': (planted) => ({ ...of(planted), user: 'bob', role: 'owner' }),
  'member.ban': (planted) => ({ ...of(planted), user: 'bob' }),
  'member.unban': (planted) => ({ ...of(planted), user: 'eve' }),
  'message.send': (planted) => ({ ...of(planted), body: text('new') }),
  'message.edit': (planted) => ({ ...ofMessage(planted), body: text('new') }),
  'message.delete': ofMessage,
  'message.react': (planted) => ({ ...ofMessage(planted), emoji: '+1' }),
  'message.pin': ofMessage,
  'message.unpin': ofMessage,
  'message.list': of,
  'message.info': ofMessage,
  'receipt.mark': ({ conversationId, head }) => ({ marks: [{ conversationId, read: head }] }),
  'typing.set': (planted) => ({ ...of(planted), typing: true }),
  'presence.set': () => ({ status: 'away' }),
  'presence.watch': () => ({ users: ['bob'] }),
  'device.register': () => ({ keys: 'AAAA' }),
  'device.revoke': () => ({ device: 'other' }),
  'account.erase': () => ({ user: 'nobody' }),
  'device.list': () => ({}),
  'device.keys': of,
  'call.start': (planted) => ({ ...of(planted), media: 'voice' }),
  'call.join': (planted) => ({ ...of(planted), call: 1 }),
  'call.leave': (planted) => ({ ...of(planted), call: 1, participant: 1 }),
  'call.mute': (planted) => ({ ...of(planted), call: 1, user: 'bob', muted: true }),
  'call.broadcast': (planted) => ({ ...of(planted), call: 1, source: 'mix' }),
  'call.end': (planted) => ({ ...of(planted), call: 1 }),
  'call.get': of,
  'call.list': of,
  ...ofVoice,
};

/** The same for what gateways alone ask. */
const questionsOf: Readonly<Record<string, (planted: Planted) => object>> = {
  'internal.memberships': () => ({ questions: [{ user: 'bob' }] }),
  'internal.revoked': () => ({ questions: [{ user: 'bob', device: 'd' }] }),
  'internal.membership': (planted) => ({ questions: [{ ...of(planted), users: ['bob'] }] }),
  'internal.call': (planted) => ({ questions: [of(planted)] }),
  'internal.callLost': (planted) => ({ ...of(planted), call: 1, participant: 1 }),
  'internal.inCalls': () => ({}),
  'internal.acquaintances': () => ({ user: 'ann', users: ['bob'] }),
  'internal.replay': (planted) => ({
    questions: [{ ...of(planted), after: 0, limit: 1_000, until: planted.head }],
  }),
};

function of({ conversationId }: Planted) {
  return { conversationId };
}
function ofMessage({ conversationId, seq }: Planted) {
  return { conversationId, seq };
}

const names = Object.keys(methods) as MethodName[];
const isCommand = (name: MethodName) => 'commandId' in samples[name].params;
const pathOf = (name: MethodName): string => {
  const row: Method = methods[name];
  return row.http?.path ?? '';
};
const inHttp = names.filter((name) => 'http' in methods[name]);
const internals = Object.keys(internalQuestions);

describe('every question there is', { timeout: 60_000 }, () => {
  let stack: MovedClockStack;
  let rpc: RpcClient;
  let ann: ForeignClient;
  /** A conversation for each question, because commands change theirs. */
  let over: ReadonlyMap<string, Planted>;
  let ended: ReadonlyMap<string, Planted>;

  beforeAll(async () => {
    stack = await openMovedClockStack();
    rpc = openRpcClient({ nats: stack.nats, partitions: PARTITIONS });
    const plantedFor = async (name: string): Promise<[string, Planted]> => [name, await plant(stack)];
    over = new Map(await Promise.all([...names, ...internals].map(plantedFor)));
    ended = new Map(
      await Promise.all(
        [...names, ...internals].map(async (name): Promise<[string, Planted]> => {
          const planted = await plant(stack);
          const expiresAt = Date.now() + OVER;
          const head = await stack.done('conversation.setExpiry', { ...of(planted), expiresAt });
          await stack.projected(planted.conversationId, head);
          return [name, { ...planted, head }];
        }),
      ),
    );
    // Whoever has a session goes on with it.
    ann = await stack.open('ann');
    stack.clock.ahead = OVER + 60_000;
  });
  afterAll(async () => {
    rpc?.close();
    await stack?.close();
  });

  const paramsFor = (name: MethodName, planted: Planted): object => ({
    ...(isCommand(name) ? { commandId: randomUUID() } : {}),
    ...paramsOf[name](planted, Date.now() + 10 * OVER),
  });
  const asInternal = (name: string, planted: Planted) =>
    rpc.call({
      method: name,
      params: questionsOf[name]?.(planted),
      caller: { user: 'gateway', device: 'gateway', scopes: [] },
    });

  it('is known here, so that a new one is tested too', () => {
    expect(Object.keys(paramsOf).sort()).toEqual([...names].sort());
    expect(Object.keys(questionsOf).sort()).toEqual([...internals].sort());
  });

  it.each(inHttp)('answers nothing of messages that are over: %s', async (name) => {
    const planted = over.get(name) as Planted;
    const byHttp = await stack.ask(name, paramsFor(name, planted), 'ann', { scope: 'hold erase' });
    expect(tells(byHttp.text)).toBe(false);
    const bySocket = await ann.request(name, paramsFor(name, planted));
    expect(tells(JSON.stringify(bySocket))).toBe(false);
  });

  it('answers nothing of messages that are over when the past is asked for', async () => {
    const { conversationId, head } = over.get('conversation.get') as Planted;
    const params = { conversationId, at: `${head}` };
    const byHttp = await stack.ask('conversation.get', params);
    expect(JSON.parse(byHttp.text).past.messages).toHaveLength(4);
    expect(tells(byHttp.text)).toBe(false);
    expect(tells(JSON.stringify(await ann.request('conversation.get', params)))).toBe(false);
    const refused = await stack.ask('conversation.get', {
      conversationId: (ended.get('conversation.get') as Planted).conversationId,
      at: '1',
    });
    expect(JSON.parse(refused.text)).toMatchObject({ tag: 'ConversationNotFound' });
  });

  it.each(internals)('answers gateways nothing of messages that are over: %s', async (name) => {
    const reply = await asInternal(name, over.get(name) as Planted);
    expect(reply.tag).toBe('result');
    expect(tells(JSON.stringify(reply))).toBe(false);
  });

  const aboutOne = inHttp.filter((name) => pathOf(name).includes(':conversationId'));

  it.each(aboutOne)('is refused about a conversation that has ended: %s', async (name) => {
    const refused = await stack.ask(name, paramsFor(name, ended.get(name) as Planted));
    expect(JSON.parse(refused.text)).toMatchObject({ tag: 'ConversationNotFound' });
  });

  it('about all my conversations leaves out those that have ended', async () => {
    const isThere = async (name: 'conversation.list' | 'session.sync', { conversationId }: Planted) => {
      for (let after: object = {}; ; ) {
        const page = JSON.parse((await stack.ask(name, { limit: '200', ...after })).text);
        const ids = page.conversations.map((one: Planted) => one.conversationId);
        if (ids.includes(conversationId)) return true;
        if (!page.hasMore) return false;
        after = { after: page.nextCursor };
      }
    };
    for (const name of ['conversation.list', 'session.sync'] as const) {
      expect(await isThere(name, over.get(name) as Planted)).toBe(true);
      expect(await isThere(name, ended.get(name) as Planted)).toBe(false);
    }
  });

  it('about receipts is refused of a conversation that has ended', async () => {
    const refused = await stack.ask(
      'receipt.mark',
      paramsFor('receipt.mark', ended.get('receipt.mark') as Planted),
    );
    expect(JSON.parse(refused.text)).toMatchObject({ tag: 'ConversationNotFound' });
  });

  it('of gateways finds no members and no past in a conversation that has ended', async () => {
    const membership = await asInternal('internal.membership', ended.get('internal.membership') as Planted);
    expect(JSON.stringify(membership)).toContain('\\"members\\":{}');
    const past = await asInternal('internal.replay', ended.get('internal.replay') as Planted);
    expect(JSON.stringify(past)).toContain('ConversationNotFound');
  });

  it('by a new session tells nothing of a conversation that has ended', async () => {
    const { conversationId } = ended.get('session.open') as Planted;
    const bob = await stack.open('bob', { [conversationId]: 1 });
    await waitFor(() => bob.notices('resync').length > 0, { what: 'the word that it is not followed' });
    expect(bob.notices('resync')).toEqual([{ conversationId, reason: 'left' }]);
    expect(bob.seqs(conversationId)).toEqual([]);
  });
});
