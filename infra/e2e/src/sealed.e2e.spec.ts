import { randomUUID } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type ParleyClient } from '@parley/client/parley-client';
import type { Body } from '@parley/domain/conversation/body';
import type { LiveEvent } from '@parley/domain/wire/live';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { connectClient } from '@parley/infra/testing/foreign-client';
import { everythingInNats, everythingInPostgres, everythingInRedis } from '@parley/infra/testing/raw-stores';
import { waitFor } from '@parley/infra/testing/wait-for';
import { destroySecrets } from '@parley/infra/vault/destroy-secrets';
import { openVaultStream } from '@parley/infra/vault/vault-stream';
import { describe, expect, it } from 'vitest';
import { wholeSystem } from './whole-system.js';

/** A word that is nowhere by itself; also base64. */
const WORD = 'rhododendron';
const BODIES: readonly (readonly [string, Body])[] = [
  ['text', { kind: 'text', text: `the ${WORD}` }],
  ['an emote', { kind: 'text', text: `waters the ${WORD}`, emote: true }],
  ['what clients sealed', { kind: 'sealed', ciphertext: WORD, nonce: 'AAAA', tag: 'AAAA' }],
];

describe('what people say', () => {
  const whole = wholeSystem();

  async function person(user: string): Promise<ParleyClient> {
    const client = await connect({
      url: whole.system.ws,
      token: await whole.system.token(user),
      device: randomUUID(),
    });
    whole.keep(client);
    return client;
  }

  const everything = async (): Promise<string> => {
    const { natsUrl, databaseUrl, redisUrl } = whole.environment;
    const nats = await connectNats(natsUrl, 'test');
    try {
      return [
        await everythingInNats(nats),
        await everythingInPostgres(databaseUrl),
        await everythingInRedis(redisUrl),
      ].join('\n');
    } finally {
      await nats.close();
    }
  };

  it.each(BODIES)(
    'is read by its readers and in no store, when it is %s, sent and edited',
    async (_what, body) => {
      const [ann, bob] = [await person('ann'), await person('bob')];
      const heard: LiveEvent[] = [];
      bob.on('event', (event) => heard.push(event));
      const conversationId = `g-${randomUUID()}`;
      const title = `${WORD}s`;
      await ann.call('conversation.create', { conversationId, kind: 'group', members: ['bob'], title });
      const say = async (what: Body): Promise<number> => {
        const { seq } = await ann.call('message.send', {
          conversationId,
          commandId: randomUUID(),
          body: what,
        });
        return seq;
      };
      const plain: Body = { kind: 'text', text: 'nothing much' };
      const sent = await say(body);
      const edited = await say(plain);
      const changed = await ann.call('message.edit', {
        conversationId,
        commandId: randomUUID(),
        seq: edited,
        body,
      });

      await waitFor(() => heard.some(({ seq }) => seq === changed.seq), { what: 'the edit' });
      const bodies = heard.filter(({ type }) => type.startsWith('message.')).map(({ data }) => data.body);
      expect(bodies).toEqual([body, plain, body]);
      const page = await bob.messages(conversationId, { minSeq: changed.seq });
      expect(page.messages.map((message) => message.body)).toEqual([body, body]);
      const { conversations } = await bob.conversations();
      const view = conversations.find((each) => each.conversationId === conversationId);
      expect(view).toMatchObject({ title, preview: { body } });
      expect(await bob.call('conversation.get', { conversationId })).toMatchObject({ title });
      const { nextCursor } = await bob.messages(conversationId, { limit: 1 });
      const older = await bob.messages(conversationId, { limit: 1, before: nextCursor as string });
      expect(older.messages).toMatchObject([{ seq: sent, body }]);

      const late = await connectClient(whole.system.ws);
      const token = await whole.system.token('bob');
      await late.request('session.open', { token, device: 'late', resume: { [conversationId]: 1 } });
      const missed = () => late.notices('event').map(({ data }) => (data as { body: unknown }).body);
      await waitFor(() => missed().length === 3, { what: 'what was missed' });
      expect(missed()).toEqual([body, plain, body]);
      late.end();

      const raw = await everything();
      expect(raw).toContain(conversationId);
      expect(raw).not.toContain(WORD);
      expect(raw).not.toContain('nothing much');
    },
  );

  it('is gone for everyone when its secret is destroyed: on pages, in lists, on resume, and after a restart', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const conversationId = `g-${randomUUID()}`;
    await ann.call('conversation.create', { conversationId, kind: 'group', members: ['bob'] });
    const { seq } = await ann.send(conversationId, { text: 'soon gone' });
    expect((await bob.messages(conversationId, { minSeq: seq })).messages).toHaveLength(1);

    const nats = await connectNats(whole.environment.natsUrl, 'test');
    const vault = openVaultStream(nats, await jetstreamManager(nats));
    await destroySecrets(vault, [`conversation.${conversationId}`], 'test');
    await nats.close();

    const gone = { body: null, sealed: 'gone' };
    const expectGone = async (client: ParleyClient, device: string): Promise<void> => {
      await waitFor(async () => (await client.messages(conversationId)).messages[0]?.sealed === 'gone', {
        what: 'the news of it',
      });
      expect((await client.messages(conversationId)).messages).toMatchObject([{ seq, ...gone }]);
      const { conversations } = await client.conversations();
      const view = conversations.find((each) => each.conversationId === conversationId);
      expect(view?.preview).toMatchObject(gone);
      const late = await connectClient(whole.system.ws);
      const token = await whole.system.token('bob');
      await late.request('session.open', { token, device, resume: { [conversationId]: 1 } });
      await waitFor(() => late.notices('event').length === 1, { what: 'what was missed' });
      expect(late.notices('event')[0]).toMatchObject({ seq, data: gone });
      late.end();
    };
    await expectGone(bob, 'before');
    for (const name of ['command-api', 'gateway'] as const) await whole.system.killAndRestart(name);
    await expectGone(await person('bob'), 'after');
    await expect(ann.send(conversationId, { text: 'more' })).rejects.toMatchObject({
      tag: 'ConversationNotFound',
    });
  });
});
