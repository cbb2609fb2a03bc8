import { randomUUID } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { connect } from '@parley/client/parley-client';
import type { Closed } from '@parley/domain/sealing/closed';
import { readSealedText } from '@parley/domain/sealing/sealed-text';
import type { LiveEvent } from '@parley/domain/wire/live';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { TEST_MASTER_KEY } from '@parley/infra/testing/master-key';
import { waitFor } from '@parley/infra/testing/wait-for';
import { heldName } from '@parley/infra/vault/names';
import { openVault } from '@parley/infra/vault/open-vault';
import { readStoredValue } from '@parley/infra/vault/stored-value';
import type { Vault } from '@parley/infra/vault/vault';
import { openVaultStream, type VaultStream } from '@parley/infra/vault/vault-stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { storedEvents } from './stored-events.js';
import { wholeSystem } from './whole-system.js';

/** Life of the messages, in s. */
const LIFE = 8;

const whole = wholeSystem({ PARLEY_LEGAL_HOLD: 'on' });
let nats: NatsConnection;
let vault: Vault;
let stream: VaultStream;

beforeAll(async () => {
  nats = await connectNats(whole.environment.natsUrl, 'legal-hold');
  vault = await openVault({ nats, masterKeys: [TEST_MASTER_KEY] });
  stream = openVaultStream(nats, await jetstreamManager(nats));
});
afterAll(async () => {
  await vault?.close();
  await nats?.close();
});

async function person(user: string, scope?: string) {
  const token = await whole.system.token(user, scope);
  const client = await connect({ url: whole.system.ws, token, device: 'd1' });
  const heard: LiveEvent[] = [];
  client.on('event', (event) => heard.push(event));
  whole.keep(client);
  return { client, heard };
}

const stored = async (name: string): Promise<string | undefined> => {
  const newest = await stream.newest(name);
  return newest && readStoredValue(newest.data)?.tag;
};

const eventsOf = (id: string) => storedEvents(stream.jsm, id);

async function closedOf(id: string, seq: number): Promise<Closed> {
  const sent = (await eventsOf(id)).find((event) => event.seq === seq);
  if (sent?.type !== 'message.sent') throw new Error('there is no such message');
  return { place: { conversationId: id, seq, author: sent.actor }, opaque: sent.data.body };
}

it('keeps what is on legal hold, hidden and openable, until the hold is lifted; and nothing else', async () => {
  const [ann, bob] = [await person('ann'), await person('bob')];
  const counsel = await person('counsel', 'hold');
  const [held, free] = [`held-${randomUUID()}`, `free-${randomUUID()}`];
  for (const conversationId of [held, free])
    await ann.client.call('conversation.create', { conversationId, kind: 'group', members: ['bob'] });
  const say = (conversationId: string) =>
    ann.client.call('message.send', { conversationId, body: { kind: 'text', text: 'a' }, ttl: LIFE });
  const seqs = { [held]: (await say(held)).seq, [free]: (await say(free)).seq };
  const [kept, gone] = [
    await closedOf(held, seqs[held] as number),
    await closedOf(free, seqs[free] as number),
  ];

  await counsel.client.call('conversation.hold', { conversationId: held, reason: 'case 7' });
  const said = ({ type, conversationId }: LiveEvent) =>
    type === 'conversation.held' && conversationId === held;
  await waitFor(() => bob.heard.some(said), { what: 'the hold to be heard' });
  const hold = { reason: 'case 7', by: 'counsel', since: expect.any(Number) };
  expect(await bob.client.call('conversation.get', { conversationId: held })).toMatchObject({ hold });
  await waitFor(
    async () =>
      (await bob.client.conversations()).conversations.find(({ conversationId }) => conversationId === held)
        ?.hold,
    { what: 'the hold in the list' },
  );

  const refused = { tag: 'OnLegalHold' };
  const { client } = ann;
  const erase = (conversationId: string) => client.call('conversation.erase', { conversationId });
  await expect(
    client.call('message.delete', { conversationId: held, seq: seqs[held] as number }),
  ).rejects.toMatchObject(refused);
  await expect(erase(held)).rejects.toMatchObject(refused);

  // Its time comes: what is free goes, what is held is hidden and stays openable when the bucket is no more.
  const [keptIn, goneIn] = [kept, gone].map(({ opaque }) => readSealedText(opaque)?.bucket as string);
  const isDestroyed = async (bucket: string) => (await stored(`bucket.${bucket}`)) === 'marker';
  for (const bucket of [keptIn, goneIn] as const)
    await waitFor(() => isDestroyed(bucket as string), {
      what: 'the bucket to be destroyed',
      timeout: 60_000,
    });
  expect(await stored(heldName(keptIn as string, held))).toBe('wrapped');
  expect(await stored(heldName(goneIn as string, free))).toBeUndefined();
  expect((await vault.open([kept, gone])).map(({ tag }) => tag)).toEqual(['open', 'gone']);
  expect((await bob.client.messages(held)).messages).toEqual([]);
  const expired = async (id: string) => (await eventsOf(id)).some(({ type }) => type === 'message.expired');
  await waitFor(() => expired(free), { what: 'the tombstone of what is free' });
  expect(await expired(held)).toBe(false);

  await counsel.client.call('conversation.release', { conversationId: held });
  await waitFor(
    () => bob.heard.some((event) => event.type === 'message.expired' && event.conversationId === held),
    {
      what: 'the tombstone to be heard',
    },
  );
  await waitFor(async () => (await stored(heldName(keptIn as string, held))) === 'marker', {
    what: 'the held key to be destroyed',
  });
  await waitFor(async () => (await vault.open([kept]))[0]?.tag === 'gone', { what: 'nothing to open it' });
  // Its marker is heard before what it stands for is overwritten.
  await waitFor(async () => (await stream.superseded()) === 0, { what: 'the held key to be overwritten' });
});
