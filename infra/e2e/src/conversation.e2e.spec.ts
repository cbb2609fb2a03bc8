import { randomUUID } from 'node:crypto';
import { connect, type ParleyClient } from '@parley/client/parley-client';
import type { LiveEvent } from '@parley/domain/wire/live';
import { waitFor } from '@parley/infra/testing/wait-for';
import { describe, expect, it } from 'vitest';
import { wholeSystem } from './whole-system.js';

const whole = wholeSystem();

/** Somebody with a session, and every event they heard. */
async function person(user: string): Promise<{ client: ParleyClient; heard: LiveEvent[] }> {
  const client = await connect({ url: whole.system.ws, token: await whole.system.token(user), device: 'd1' });
  const heard: LiveEvent[] = [];
  client.on('event', (event) => heard.push(event));
  whole.keep(client);
  return { client, heard };
}

async function group(owner: ParleyClient, members: readonly string[]): Promise<string> {
  const conversationId = `g-${randomUUID()}`;
  await owner.call('conversation.create', { conversationId, kind: 'group', title: 'Friends', members });
  return conversationId;
}

const texts = (events: readonly LiveEvent[]): readonly unknown[] =>
  events
    .filter(({ type }) => type === 'message.sent')
    .map(({ data }) => (data.body as { text: string }).text);

const numbered = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => `message ${n}`);

describe('two people', () => {
  it('hear each message once, in order, and each sender is told its seq', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const id = await group(ann.client, ['bob']);
    const [first, second] = [numbered(50), numbered(50).map((text) => `re: ${text}`)];
    const answers = await Promise.all([
      ...first.map((text) => ann.client.send(id, { text })),
      ...second.map((text) => bob.client.send(id, { text })),
    ]);
    expect(new Set(answers.map(({ seq }) => seq)).size).toBe(100);
    for (const { heard } of [ann, bob]) {
      await waitFor(() => texts(heard).length === 100, { what: 'every message to be heard' });
      const seqs = heard.filter(({ conversationId }) => conversationId === id).map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
      expect(new Set(seqs).size).toBe(seqs.length);
      expect(texts(heard).filter((text) => first.includes(text as string))).toEqual(first);
      expect(texts(heard).filter((text) => second.includes(text as string))).toEqual(second);
    }
    expect(texts(ann.heard)).toEqual(texts(bob.heard));
  });

  it('who send the same id again get the first answer, and nobody hears it twice', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const id = await group(ann.client, ['bob']);
    const send = () => ann.client.send(id, { text: 'once', commandId: 'the-same' });
    const first = await send();
    expect(await send()).toEqual({ ...first, repeated: true });
    await ann.client.send(id, { text: 'after' });
    await waitFor(() => texts(bob.heard).includes('after'), { what: 'the message after' });
    expect(texts(bob.heard)).toEqual(['once', 'after']);
  });
});

describe('somebody who is removed', () => {
  it('hears of it and of nothing from the next seq on, and can neither read nor send', async () => {
    const [ann, bob, cid] = [await person('ann'), await person('bob'), await person('cid')];
    const id = await group(ann.client, ['bob', 'cid']);
    await ann.client.send(id, { text: 'everyone' });
    await waitFor(() => texts(bob.heard).length === 1 && texts(cid.heard).length === 1, {
      what: 'the first message',
    });
    const removal = ann.client.call('member.remove', { conversationId: id, users: ['bob'] });
    const later = numbered(20).map((text) => ann.client.send(id, { text }));
    const [{ seq }] = await Promise.all([removal, ...later]);
    await waitFor(() => texts(cid.heard).length === 21, { what: 'the others to hear the rest' });
    expect(Math.max(...bob.heard.map((event) => event.seq))).toBe(seq);
    expect(bob.heard.at(-1)?.type).toBe('member.removed');
    await expect(bob.client.send(id, { text: 'me too' })).rejects.toMatchObject({ tag: 'NotAMember' });
    await expect(bob.client.messages(id)).rejects.toMatchObject({ tag: 'NotAMember' });
    await expect(bob.client.call('conversation.get', { conversationId: id })).rejects.toMatchObject({
      tag: 'NotAMember',
    });
    await expect(bob.client.mark({ conversationId: id, read: 1 })).rejects.toMatchObject({
      tag: 'NotAMember',
    });
    expect(
      (await bob.client.conversations()).conversations.map(({ conversationId }) => conversationId),
    ).not.toContain(id);
  });

  it('by a ban is kept out, and nothing in the log of the ban names them', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const id = await group(ann.client, ['bob']);
    await ann.client.send(id, { text: 'hello' });
    await waitFor(() => texts(bob.heard).length === 1, { what: 'them to hear' });
    await ann.client.call('member.ban', { conversationId: id, user: 'bob' });
    await ann.client.send(id, { text: 'gone' });
    await expect(ann.client.call('member.add', { conversationId: id, users: ['bob'] })).rejects.toMatchObject(
      { tag: 'UserBanned' },
    );
    await waitFor(() => bob.heard.some(({ type }) => type === 'member.banned'), {
      what: 'the ban to be heard',
    });
    expect(texts(bob.heard)).toEqual(['hello']);
    expect(bob.heard.at(-1)).toMatchObject({ type: 'member.banned', data: {} });
    await ann.client.call('member.unban', { conversationId: id, user: 'bob' });
    await ann.client.call('member.add', { conversationId: id, users: ['bob'] });
    await ann.client.send(id, { text: 'welcome back' });
    await waitFor(() => texts(bob.heard).includes('welcome back'), { what: 'them to hear again' });
  });
});

describe('history', () => {
  it('pages in both directions without gap or repeat while messages are added', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const id = await group(ann.client, ['bob']);
    const before = numbered(300);
    for (const text of before) await ann.client.send(id, { text });
    let adding = true;
    const added: string[] = [];
    const writer = (async () => {
      for (let n = 0; adding; n++) {
        added.push(`added ${n}`);
        await bob.client.send(id, { text: `added ${n}` });
      }
    })();

    for (const limit of [7, 50, 200]) {
      const back: string[] = [];
      for (let cursor: string | undefined, more = true; more; ) {
        const page = await ann.client.messages(id, {
          limit,
          ...(cursor === undefined ? { minSeq: 301 } : { before: cursor }),
        });
        back.unshift(...page.messages.map(({ body }) => (body as { text: string }).text));
        cursor = page.nextCursor;
        more = page.hasMore;
      }
      expect(back.slice(0, 300)).toEqual(before);
      expect(back.slice(300)).toEqual(added.slice(0, back.length - 300));

      const first = await ann.client.messages(id, { limit: 1 });
      const start = `1.${first.nextCursor?.split('.')[1]}`;
      const forth: string[] = [];
      for (let cursor = start; forth.length < 300; ) {
        const page = await ann.client.messages(id, { limit, after: cursor });
        forth.push(...page.messages.map(({ body }) => (body as { text: string }).text));
        cursor = page.nextCursor ?? cursor;
      }
      expect(forth.slice(0, 300)).toEqual(before);
    }
    adding = false;
    await writer;
  });

  it('of the longest messages comes in shorter pages, and all of it', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const id = await group(ann.client, ['bob']);
    const long = numbered(24).map((text) => text.padEnd(60_000, '漢').slice(0, 21_000));
    let last = 0;
    for (const text of long) last = (await ann.client.send(id, { text })).seq;
    const back: unknown[] = [];
    let pages = 0;
    for (let cursor: string | undefined, more = true; more; ) {
      const page = await bob.client.messages(id, {
        limit: 200,
        ...(cursor === undefined ? { minSeq: last } : { before: cursor }),
      });
      back.unshift(...page.messages.map(({ body }) => (body as { text: string }).text));
      cursor = page.nextCursor;
      more = page.hasMore;
      pages++;
    }
    expect(pages).toBeGreaterThan(1);
    expect(back).toEqual(long);
    await waitFor(() => texts(bob.heard).length === long.length, { what: 'all of them to be heard' });
  });

  it('shows edits, reactions and deletions, and what was sent a moment ago', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const id = await group(ann.client, ['bob']);
    const { seq } = await ann.client.send(id, { text: 'helo' });
    const doomed = await ann.client.send(id, { text: 'oops' });
    await ann.client.call('message.edit', { conversationId: id, seq, body: { kind: 'text', text: 'hello' } });
    await bob.client.call('message.react', { conversationId: id, seq, emoji: '👋' });
    const last = await ann.client.call('message.delete', { conversationId: id, seq: doomed.seq });
    const { messages } = await bob.client.messages(id, { minSeq: last.seq });
    expect(messages).toMatchObject([
      { seq, body: { text: 'hello' }, reactions: [{ emoji: '👋', count: 1, mine: true }] },
      { seq: doomed.seq, body: null },
    ]);
  });
});

describe('the list of conversations', () => {
  it('is in order of activity, with preview, exact unread count and the watermarks of its reader', async () => {
    const [dan, eve] = [await person('dan'), await person('eve')];
    const quiet = await group(dan.client, ['eve']);
    const busy = await group(dan.client, ['eve']);
    await dan.client.send(quiet, { text: 'quiet' });
    const sent = [];
    for (const text of numbered(10)) sent.push(await dan.client.send(busy, { text }));
    const seqs = sent.map(({ seq }) => seq);
    await eve.client.mark({ conversationId: busy, read: seqs[3] as number });
    await eve.client.mark({ conversationId: busy, read: seqs[1] as number });
    const deleted = await dan.client.call('message.delete', { conversationId: busy, seq: seqs[7] as number });
    const mine = await waitFor(
      async () => {
        const { conversations } = await eve.client.conversations();
        const [first] = conversations;
        // What the deletion leaves in the log comes after it; what came to her device, the device says by itself.
        const isWhole = (first?.revision ?? 0) >= deleted.seq && first?.delivered === seqs[9];
        return isWhole && first?.read === seqs[3] && conversations;
      },
      { what: 'the deletion and the newest watermarks' },
    );
    expect(mine.map(({ conversationId }) => conversationId)).toEqual([busy, quiet]);
    expect(mine).toMatchObject([
      {
        // Ten sent, less four read, less one deleted.
        unread: 5,
        title: 'Friends',
        role: 'member',
        memberCount: 2,
        read: seqs[3],
        delivered: seqs[9],
        preview: { body: { text: 'message 9' } },
      },
      { unread: 1, read: 0, preview: { body: { text: 'quiet' } } },
    ]);
    const [author] = (await dan.client.conversations()).conversations;
    expect(author).toMatchObject({ conversationId: busy, unread: 0 });
  });
});

describe('receipts', () => {
  it('are heard by the other members', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const receipts: unknown[] = [];
    ann.client.on('receipts', (marks) => receipts.push(marks));
    const id = await group(ann.client, ['bob']);
    const { seq } = await ann.client.send(id, { text: 'read me' });
    await bob.client.mark({ conversationId: id, delivered: seq, read: seq });
    await waitFor(() => receipts.length > 0, { what: 'the receipt' });
    expect(receipts.at(-1)).toMatchObject({
      conversationId: id,
      watermarks: [{ user: 'bob', delivered: seq, read: seq }],
    });
  });
});
