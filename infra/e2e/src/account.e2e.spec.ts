import { randomUUID } from 'node:crypto';
import { connect, type ParleyClient } from '@parley/client/parley-client';
import type { Watermarks } from '@parley/domain/wire/receipts';
import { waitFor } from '@parley/infra/testing/wait-for';
import { describe, expect, it } from 'vitest';
import { wholeSystem } from './whole-system.js';

const whole = wholeSystem();

/** Somebody with a session, and the watermarks they were told of. */
async function person(user: string, device = 'd1'): Promise<{ client: ParleyClient; told: Told[] }> {
  const token = await whole.system.token(user, undefined, '1h', device);
  const client = await connect({ url: whole.system.ws, token, device });
  const told: Told[] = [];
  client.on('receipts', ({ watermarks }) => told.push(...watermarks));
  whole.keep(client);
  return { client, told };
}
type Told = Omit<Watermarks, 'conversationId'>;

async function group(owner: ParleyClient, members: readonly string[]): Promise<string> {
  const conversationId = `g-${randomUUID()}`;
  await owner.call('conversation.create', { conversationId, kind: 'group', members });
  return conversationId;
}

describe('the watermarks of members', () => {
  it('are those of marks that were acknowledged before they were asked for', async () => {
    const [fay, gil] = [await person('fay'), await person('gil')];
    const conversationId = await group(fay.client, ['gil']);
    for (let n = 0; n < 20; n++) {
      const { seq } = await fay.client.send(conversationId, { text: `${n}` });
      await gil.client.mark({ conversationId, read: seq });
      const { members } = await fay.client.call('conversation.get', { conversationId });
      expect(members.find(({ user }) => user === 'gil')).toMatchObject({ read: seq });
    }
  });
});

describe('session.sync', () => {
  it('knows of what was acknowledged before it was asked, and tells what changed since and nothing else', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const [busy, quiet, gone] = [
      await group(ann.client, ['bob']),
      await group(ann.client, ['bob']),
      await group(ann.client, ['bob']),
    ];
    const first = await bob.client.call('session.sync', {});
    expect(first).toMatchObject({ full: true, left: [], hasMore: false });
    expect(first.conversations.map(({ conversationId }) => conversationId)).toEqual([gone, quiet, busy]);

    let { token } = first;
    for (let n = 0; n < 20; n++) {
      const { seq } = await ann.client.send(busy, { text: `${n}` });
      const page = await bob.client.call('session.sync', { since: token });
      expect(page).toMatchObject({
        full: false,
        conversations: [{ conversationId: busy, revision: seq, unread: n + 1, preview: { seq } }],
      });
      ({ token } = page);
    }
    await ann.client.call('member.remove', { conversationId: gone, users: ['bob'] });
    const { seq } = (await bob.client.messages(busy)).messages.at(-1) as { seq: number };
    await bob.client.mark({ conversationId: busy, read: seq });
    expect(await bob.client.call('session.sync', { since: token })).toMatchObject({
      conversations: [{ conversationId: busy, unread: 0, read: seq }],
      left: [gone],
    });
  });

  it('pages what changed with the token of the first page', async () => {
    const [dan, eve] = [await person('dan'), await person('eve')];
    const ids = [];
    for (let n = 0; n < 5; n++) ids.push(await group(dan.client, ['eve']));
    const { token } = await eve.client.call('session.sync', {});
    for (const id of ids) await dan.client.send(id, { text: 'new' });
    await waitFor(
      async () => {
        const { conversations } = await eve.client.conversations();
        return conversations.every(({ delivered, revision }) => delivered === revision);
      },
      // That is a change too.
      { what: 'her device to have said by itself what came to it' },
    );
    const first = await eve.client.call('session.sync', { since: token, limit: 3 });
    await dan.client.send(ids[0] as string, { text: 'newer' });
    const after = first.nextCursor as string;
    const second = await eve.client.call('session.sync', { since: token, limit: 3, after });
    expect(second).toMatchObject({ token: first.token, hasMore: false });
    const third = await eve.client.call('session.sync', { since: first.token });
    const seen = [first, second, third].flatMap((page) => page.conversations);
    expect(new Set(seen.map(({ conversationId }) => conversationId))).toEqual(new Set(ids));
    expect(third.conversations).toMatchObject([{ conversationId: ids[0], unread: 2 }]);
  });
});

describe('conversation.list', () => {
  it('shows what was acknowledged before it was asked', async () => {
    const { client } = await person('mia');
    const id = await group(client, ['ned']);
    for (let n = 0; n < 20; n++) {
      const { seq } = await client.send(id, { text: `${n}` });
      expect(await client.conversations()).toMatchObject({
        conversations: [{ revision: seq, preview: { seq } }],
      });
    }
  });
});

describe('receipts', () => {
  it('carry the unread count to all devices of who read, and say to whom asks who received and read when', async () => {
    const [fay, phone, laptop] = [
      await person('fay'),
      await person('gus', 'phone'),
      await person('gus', 'laptop'),
    ];
    const id = await group(fay.client, ['gus', 'hal']);
    const seqs: number[] = [];
    for (let n = 0; n < 3; n++) seqs.push((await fay.client.send(id, { text: `${n}` })).seq);
    const [one, two, three] = seqs as [number, number, number];

    await phone.client.mark({ conversationId: id, delivered: three });
    await phone.client.mark({ conversationId: id, read: one });
    await phone.client.mark({ conversationId: id, read: three });
    for (const { told } of [phone, laptop, fay]) {
      await waitFor(() => told.some(({ read }) => read === three), { what: 'the receipt' });
      expect(told.findLast(({ user }) => user === 'gus')).toMatchObject({
        read: three,
        unread: 0,
        revision: three,
      });
    }

    const info = (seq: number, who = fay.client) => who.call('message.info', { conversationId: id, seq });
    await waitFor(async () => (await info(two)).read === 1, { what: 'the moves in rows' });
    const told = await info(two, laptop.client);
    expect(told).toMatchObject({
      recipients: [
        { user: 'gus', deliveredAt: expect.any(Number), readAt: expect.any(Number) },
        { user: 'hal' },
      ],
      members: 2,
      received: 1,
      read: 1,
      hasMore: false,
    });
    const at = ({ recipients }: Awaited<ReturnType<typeof info>>) => recipients[0]?.readAt as number;
    expect(told.recipients[0]?.deliveredAt).toBeLessThanOrEqual(at(told));
    expect(at(await info(one))).toBeLessThanOrEqual(at(told));

    await fay.client.call('member.add', { conversationId: id, users: ['ida'] });
    await waitFor(
      async () => (await fay.client.call('message.info', { conversationId: id, seq: one })).members === 2,
      {
        what: 'the recipients',
      },
    );
    await expect(info(1)).rejects.toMatchObject({ tag: 'MessageNotFound' });
    const ida = await person('ida');
    expect((await info(three, ida.client)).recipients.map(({ user }) => user)).toEqual(['gus', 'hal']);
    const stranger = await person('jon');
    await expect(info(one, stranger.client)).rejects.toMatchObject({ tag: 'NotAMember' });
  });

  it('beyond the newest event move nothing, and keep no other mark of the batch from moving', async () => {
    const [kim, leo] = [await person('kim'), await person('leo')];
    const [one, other] = [await group(kim.client, ['leo']), await group(kim.client, ['leo'])];
    const { seq } = await kim.client.send(one, { text: 'hi' });
    const marked = await leo.client.mark(
      { conversationId: other, read: 99 },
      { conversationId: one, read: seq },
    );
    expect(marked).toMatchObject({
      watermarks: [{ conversationId: one, read: seq, unread: 0 }],
      refused: [{ conversationId: other, tag: 'BeyondTheHead', retryable: false }],
    });
    await expect(leo.client.mark({ conversationId: other, read: 99 })).rejects.toMatchObject({
      tag: 'BeyondTheHead',
    });
  });
});
