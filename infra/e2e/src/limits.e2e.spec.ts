import { randomUUID } from 'node:crypto';
import { connect, type ParleyClient } from '@parley/client/parley-client';
import { expect, it } from 'vitest';
import { wholeSystem } from './whole-system.js';

/** Commands of a user in 10 s; one connection has half of it. */
const LIMIT = 40;

const whole = wholeSystem({ PARLEY_LIMIT_COMMANDS: String(LIMIT) });

async function group(user: string, scope?: string): Promise<{ client: ParleyClient; id: string }> {
  const client = await connect({
    url: whole.system.ws,
    token: await whole.system.token(user, scope),
    device: 'd1',
  });
  whole.keep(client);
  const id = `g-${randomUUID()}`;
  await client.call('conversation.create', { conversationId: id, kind: 'group', members: [] });
  return { client, id };
}

const texts = Array.from({ length: LIMIT / 2 + 10 }, (_, n) => `message ${n}`);

/** Sends them all at once; resolves with their seqs and how many ms it took. */
async function sendAll({ client, id }: { client: ParleyClient; id: string }) {
  const begin = Date.now();
  const answers = await Promise.all(texts.map((text) => client.send(id, { text })));
  return { seqs: answers.map(({ seq }) => seq), tookMs: Date.now() - begin };
}

it('lets a client through that sends faster than it may: later, in order, each message once', async () => {
  const ann = await group('ann');
  const { seqs, tookMs } = await sendAll(ann);
  expect(seqs).toEqual(texts.map((_, n) => n + 2));
  expect(tookMs).toBeGreaterThan(2_000);
  const { messages } = await ann.client.messages(ann.id, { minSeq: seqs.at(-1) as number });
  expect(messages.map(({ body }) => (body as { text: string }).text)).toEqual(texts);
});

it('does not hold up an import, nor anyone else', async () => {
  const [importer, bob] = [await group('importer', 'import'), await group('bob')];
  expect((await sendAll(importer)).tookMs).toBeLessThan(5_000);
  await bob.client.send(bob.id, { text: 'at once' });
});
