import { randomUUID } from 'node:crypto';
import { envelop } from '@parley/domain/log/envelope';
import { eventAt } from '@parley/infra/log/conversation-reader';
import { storeLog } from '@parley/infra/testing/store-log';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import * as E from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CommandResources, handleCommand } from '../commands/handle.js';
import { openRecentEvents } from '../conversations/recent-events.js';
import { headOf } from '../log/folded-store.js';
import { commandOf, openLog, PARTITIONS, text } from '../testing/log-fixture.js';
import { membership } from './membership.js';
import { openReplay, type Replayed } from './replay.js';

/** Later than the times commands are given here. */
const NOW = 1_800_000_000_000;

let environment: TestEnvironment;
let log: Awaited<ReturnType<typeof openLog>>;
/** Writes; the others read. */
let writer: CommandResources;
beforeAll(async () => {
  environment = await testEnvironment();
  log = await openLog(environment.natsUrl);
  writer = await log.instance();
});
afterAll(async () => {
  await log?.close();
  await environment?.dispose();
});

async function group(events: number, words = 'x'): Promise<string> {
  const conversationId = `g-${randomUUID()}`;
  const create = { conversationId, kind: 'group', members: ['bob'] } as const;
  await handleCommand(writer, commandOf('conversation.create', 'ann', create));
  for (let n = 1; n < events; n++) await say(conversationId, words);
  return conversationId;
}

async function say(conversationId: string, words: string): Promise<void> {
  const said = commandOf('message.send', 'ann', { conversationId, body: text(words) });
  expect(E.isRight(await handleCommand(writer, said))).toBe(true);
}

/** An instance that serves the past, with a memory of its own. */
async function reader(now: () => number = () => NOW) {
  const recent = openRecentEvents();
  const { store, jsm, vault } = await log.instance(undefined, recent.add);
  return { store, replay: openReplay({ jsm, store, recent, vault, now }) };
}

const seqsOf = (page: Replayed | undefined): readonly number[] | undefined =>
  page !== undefined && 'events' in page
    ? page.events.map((event) => (JSON.parse(event) as { seq: number }).seq)
    : undefined;
const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

describe('who is a member of many conversations', () => {
  it('is answered as the log is now, whatever was known before', async () => {
    const { store } = await reader();
    const ids = await Promise.all([1, 2, 3, 4, 5].map((events) => group(events)));
    const ask = () =>
      membership(
        store,
        NOW,
        [...ids, 'nowhere'].map((conversationId) => ({ conversationId, users: ['bob', 'eve'] })),
      );
    const revisions = async () => (await ask()).map((answer) => 'revision' in answer && answer.revision);
    expect(await revisions()).toEqual([1, 2, 3, 4, 5, 0]);
    await say(ids[0] as string, 'one more');
    for (const words of ['and', 'two', 'more']) await say(ids[1] as string, words);
    const removal = { conversationId: ids[2] as string, users: ['bob'] };
    await handleCommand(writer, commandOf('member.remove', 'ann', removal));
    expect(await revisions()).toEqual([2, 5, 4, 4, 5, 0]);
    const membersOf = (await ask()).map((answer) => 'members' in answer && Object.keys(answer.members));
    expect(membersOf).toEqual([['bob'], ['bob'], [], ['bob'], ['bob'], []]);
  });

  it('asked twice at once is loaded once and right for both', async () => {
    const conversationId = await group(40);
    const { store } = await reader();
    const question = [{ conversationId, users: ['bob'] }];
    const first = membership(store, NOW, question);
    await say(conversationId, 'meanwhile');
    const second = await membership(store, NOW, question);
    expect(second).toMatchObject([{ revision: 41 }]);
    expect((await first)[0]).toHaveProperty('members.bob');
  });

  it('is nobody of a conversation that has ended, though nothing in the log says so yet', async () => {
    const conversationId = `g-${randomUUID()}`;
    const create = commandOf('conversation.create', 'ann', {
      conversationId,
      kind: 'group',
      members: ['bob'],
      expiresAt: NOW + 1,
    });
    await handleCommand(writer, create);
    const { store } = await reader();
    const question = [{ conversationId, users: ['bob'] }];
    expect((await membership(store, NOW, question))[0]).toHaveProperty('members.bob');
    expect(await membership(store, NOW + 1, question)).toMatchObject([{ revision: 1, members: {} }]);
  });

  it('is nobody of a conversation that is being imported, until its last event is there', async () => {
    const conversationId = `g-${randomUUID()}`;
    const members = [{ user: 'bob', role: 'owner' as const, banHash: 'h' }];
    const place = { conversationId, at: NOW, actor: 'bob' };
    const created = { type: 'conversation.created', data: { kind: 'group', ttl: null, members } } as const;
    const first = envelop(created, { ...place, seq: 1, commandId: 'c-1', importedTo: 2 });
    const closed = { type: 'conversation.closed', data: {} } as const;
    const last = envelop(closed, { ...place, seq: 2, commandId: 'c-2', importedTo: 2 });
    const { store } = await reader();
    const question = [{ conversationId, users: ['bob'] }];
    await storeLog(log.nats, [first], PARTITIONS);
    expect(await membership(store, NOW, question)).toMatchObject([{ revision: 1, members: {} }]);
    await storeLog(log.nats, [last], PARTITIONS);
    expect((await membership(store, NOW, question))[0]).toHaveProperty('members.bob');
  });

  it('has a snapshot to be loaded from as soon as a conversation has grown', async () => {
    const conversationId = await group(40);
    await waitFor(async () => (await log.snapshotOf(conversationId))?.state.revision === 32, {
      what: 'the snapshot',
    });
    const { store } = await reader();
    expect((await store.fresh(conversationId)).state.revision).toBe(40);
  });
});

describe('the past', () => {
  it('of many conversations is answered together, as far as each has come', async () => {
    const ids = await Promise.all([3, 3, 80].map((events) => group(events)));
    const { replay } = await reader();
    const ask = (after: number) =>
      replay(
        ids.map((conversationId) => ({
          conversationId,
          after,
          limit: 1_000,
          until: Number.MAX_SAFE_INTEGER,
        })),
      );
    expect((await ask(1)).map(seqsOf)).toEqual([[2, 3], [2, 3], upTo(2, 80)]);
    expect((await ask(3)).map(seqsOf)).toEqual([[], [], upTo(4, 80)]);
    expect((await ask(70)).map(seqsOf)).toEqual([[], [], upTo(71, 80)]);
  });

  it('is given in pages, each beginning where the one before ended', async () => {
    const conversationId = await group(300);
    const { replay } = await reader();
    const seqs: number[] = [];
    for (let after = 7; after < 300; ) {
      const [page] = await replay([{ conversationId, after, limit: 50, until: Number.MAX_SAFE_INTEGER }]);
      seqs.push(...(seqsOf(page) as number[]));
      expect(page).toMatchObject({ head: 300, last: Math.min(after + 50, 300) });
      after = seqs.at(-1) as number;
    }
    expect(seqs).toEqual(upTo(8, 300));
  });

  it('fits into one message of the broker: the share of each is bounded, and the rest is for later', async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, () => group(4, 'y'.repeat(60_000))));
    const { replay } = await reader();
    const pages = await replay(
      ids.map((conversationId) => ({
        conversationId,
        after: 1,
        limit: 1_000,
        until: Number.MAX_SAFE_INTEGER,
      })),
    );
    const sizes = pages.map((page) => ('events' in page ? page.events.join().length : 0));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(300_000);
    expect(pages.map(seqsOf).slice(0, 4)).toEqual([[2], [2], [2], [2]]);
    expect(pages.slice(-6)).toEqual(Array(6).fill({ later: true }));
  });

  it('counts an event nobody can read, and goes on behind it', async () => {
    const conversationId = await group(2);
    const { subject } = writer.store.placeOf(conversationId);
    log.nats.publish(subject, JSON.stringify({ seq: 3, type: 'message.sung', version: 9 }));
    await log.nats.flush();
    await say(conversationId, 'four');
    const { replay } = await reader();
    const [page] = await replay([{ conversationId, after: 0, limit: 1_000, until: Number.MAX_SAFE_INTEGER }]);
    expect(seqsOf(page)).toEqual([1, 2, 4]);
    expect(page).toMatchObject({ last: 4, head: 4 });
    const [end] = await replay([{ conversationId, after: 2, limit: 1_000, until: Number.MAX_SAFE_INTEGER }]);
    expect(seqsOf(end)).toEqual([4]);
  });

  it('names what was erased as erased, also to whoever has come as far as that, and goes on behind it', async () => {
    const conversationId = await group(60);
    const { stream } = writer.store.placeOf(conversationId);
    const place = writer.store.placeOf(conversationId);
    for (const seq of [3, 20, 21, 59]) {
      const { streamSeq = 0 } =
        (await eventAt(log.jsm, place, seq, headOf(await writer.store.fresh(conversationId)))) ?? {};
      await log.jsm.streams.deleteMessage(stream, streamSeq, true);
    }
    for (const after of [0, 1, 2, 3, 19, 20, 21, 22, 58, 59]) {
      const { replay } = await reader();
      const [page] = await replay([{ conversationId, after, limit: 1_000, until: 60 }]);
      expect(seqsOf(page)).toEqual(upTo(after + 1, 60));
      const types = page !== undefined && 'events' in page ? page.events.map((each) => JSON.parse(each)) : [];
      expect(types.filter(({ type }) => type === 'message.erased')).toMatchObject(
        [3, 20, 21, 59].filter((seq) => seq > after).map((seq) => ({ seq, data: { seq } })),
      );
    }
    const { replay } = await reader();
    const [page] = await replay([{ conversationId, after: 10, limit: 10, until: 60 }]);
    expect(page).toMatchObject({ last: 20 });
    const [next] = await replay([{ conversationId, after: 20, limit: 10, until: 60 }]);
    expect(seqsOf(next)).toEqual(upTo(21, 30));
  });

  it('is answered from memory where the asker wants no more than is known', async () => {
    const conversationId = await group(3);
    const { replay } = await reader();
    const ask = (until: number) => replay([{ conversationId, after: 1, limit: 10, until }]);
    expect((await ask(3)).map(seqsOf)).toEqual([[2, 3]]);
    await say(conversationId, 'four');
    expect((await ask(3)).map(seqsOf)).toEqual([[2, 3]]);
    expect((await ask(4)).map(seqsOf)).toEqual([[2, 3, 4]]);
  });

  it('of a conversation that is not there, or from its end on, is nothing', async () => {
    const conversationId = await group(2);
    const { replay } = await reader();
    expect(
      await replay([
        { conversationId: 'nowhere', after: 5, limit: 10, until: Number.MAX_SAFE_INTEGER },
        { conversationId, after: 2, limit: 10, until: Number.MAX_SAFE_INTEGER },
        { conversationId, after: 99, limit: 10, until: Number.MAX_SAFE_INTEGER },
      ]),
    ).toEqual([
      { events: [], last: 5, head: 0 },
      { events: [], last: 2, head: 2 },
      { events: [], last: 99, head: 2 },
    ]);
  });
});

describe('the past of messages with a life', () => {
  const bodyless = { body: null, sealed: 'gone' };
  const eventsOf = (page: Replayed | undefined) =>
    page !== undefined && 'events' in page ? page.events.map((event) => JSON.parse(event)) : [];
  const all = (conversationId: string) => ({
    conversationId,
    after: 0,
    limit: 1_000,
    until: Number.MAX_SAFE_INTEGER,
  });
  const secret = 'the meadow at noon';

  /** Seqs 2 to 4 tell of a message that expires, 5 of one that does not; then as many more as asked. */
  async function withLives(more: number): Promise<{ conversationId: string; expiresAt: number }> {
    const conversationId = await group(1);
    const send = commandOf('message.send', 'ann', { conversationId, body: text(secret), ttl: 60 });
    await handleCommand(writer, send);
    const edit = commandOf('message.edit', 'ann', { conversationId, seq: 2, body: text(`${secret}!`) });
    await handleCommand(writer, edit);
    await handleCommand(writer, commandOf('message.react', 'bob', { conversationId, seq: 2, emoji: '🌻' }));
    for (let n = 0; n <= more; n++) await say(conversationId, 'stays');
    return { conversationId, expiresAt: send.at + 60_000 };
  }

  it.each([
    ['memory', 0],
    ['the log', 100],
  ])(
    'goes without what they said from the moment it is over, and none is left out: from %s',
    async (_, more) => {
      const { conversationId, expiresAt } = await withLives(more);
      let now = expiresAt - 1;
      const { replay } = await reader(() => now);
      const [before] = await replay([all(conversationId)]);
      expect(eventsOf(before).slice(1, 4)).toMatchObject([
        { data: { body: text(secret) } },
        { data: { body: text(`${secret}!`) } },
        { data: { emoji: '🌻' } },
      ]);

      now = expiresAt;
      const [page] = await replay([all(conversationId)]);
      expect(seqsOf(page)).toEqual(upTo(1, 5 + more));
      expect(JSON.stringify(page)).not.toContain(secret);
      const [, sent, edited, reacted, stays] = eventsOf(page);
      expect(sent.data).toEqual({ ordinal: 1, expiresAt, ...bodyless });
      expect(edited.data).toEqual({ seq: 2, expiresAt, ...bodyless });
      expect(reacted.data).toEqual({ seq: 2, removed: false, expiresAt, sealed: 'gone' });
      expect(stays.data).toEqual({ ordinal: 2, body: text('stays') });
    },
  );

  it('goes without what was deleted, though the log still has it', async () => {
    const conversationId = await group(1);
    await say(conversationId, secret);
    await handleCommand(writer, commandOf('message.delete', 'ann', { conversationId, seq: 2 }));
    const { replay } = await reader();
    const [page] = await replay([all(conversationId)]);
    expect(seqsOf(page)).toEqual([1, 2, 3]);
    expect(JSON.stringify(page)).not.toContain(secret);
  });

  it('is refused of a conversation that has ended', async () => {
    const conversationId = `g-${randomUUID()}`;
    const ending = { conversationId, kind: 'group' as const, members: ['bob'], expiresAt: NOW };
    await handleCommand(writer, commandOf('conversation.create', 'ann', ending));
    let now = NOW - 1;
    const { replay } = await reader(() => now);
    expect((await replay([all(conversationId)])).map(seqsOf)).toEqual([[1]]);
    now = NOW;
    expect(await replay([all(conversationId)])).toEqual([{ refused: { tag: 'ConversationNotFound' } }]);
  });
});
