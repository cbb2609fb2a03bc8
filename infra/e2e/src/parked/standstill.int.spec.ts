import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { placeOf } from '@parley/infra/log/subjects';
import { pageKey } from '@parley/infra/read-model/newest-page';
import type { ForeignClient } from '@parley/infra/testing/foreign-client';
import { waitFor } from '@parley/infra/testing/wait-for';
import { openSession } from '@parley/projector/ownership/session';
import { dropEvent } from '@parley/projector/parked/drop-event';
import { placeOfLetter } from '@parley/projector/parked/letters';
import { retryConversation } from '@parley/projector/parked/retry-conversation';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MovedClockStack, openMovedClockStack, PARTITIONS } from '../leaks/moved-clock-stack.js';

const text = (what: string) => ({ kind: 'text', text: what });

describe('a conversation whose history stands still', { timeout: 90_000 }, () => {
  let stack: MovedClockStack;

  beforeAll(async () => {
    stack = await openMovedClockStack();
  }, 90_000);
  afterAll(() => stack?.close());

  /** Makes a group with a message at seq 2, in rows and cache. */
  async function group(conversationId: string, ttl?: number): Promise<void> {
    await stack.done('conversation.create', { conversationId, kind: 'group', members: ['bob', 'cem'] });
    const life = ttl === undefined ? {} : { ttl };
    await stack.done('message.send', { conversationId, body: text('before'), ...life });
    await stack.projected(conversationId, 2);
  }

  /** An event that nobody here knows, at the next place; the id of its letter. */
  async function poison(conversationId: string, seq: number): Promise<string> {
    const { subject, stream } = placeOf(conversationId, PARTITIONS);
    const event = {
      type: 'message.sung',
      version: 1,
      conversationId,
      seq,
      at: Date.now(),
      actor: 'ann',
      data: {},
    };
    const { seq: streamSeq } = await jetstream(stack.nats).publish(subject, JSON.stringify(event));
    return `${stream}:${streamSeq}`;
  }

  const waiting = async (conversationId: string): Promise<number | undefined> => {
    const { rows } = await stack.database.query<{ waiting: number }>(
      'select waiting::int from rm_1.parked_conversation where conversation_id = $1',
      [conversationId],
    );
    return rows[0]?.waiting;
  };

  async function goOn(id: string, conversationId: string): Promise<void> {
    const place = placeOfLetter(id) as NonNullable<ReturnType<typeof placeOfLetter>>;
    const { client, end } = await openSession(stack.environment.databaseUrl, 'spec');
    await dropEvent(client, place, 'a spec');
    const jsm = await jetstreamManager(stack.nats);
    const resources = { client, schema: 'rm_1', share: place.share, jsm };
    expect(await retryConversation(resources, conversationId)).toMatchObject({ tag: 'mended' });
    await end();
  }

  const ask = async (...asked: Parameters<MovedClockStack['ask']>) => {
    const { status, text: answer } = await stack.ask(...asked);
    return { status, answer };
  };

  const sync = async (client: ForeignClient, since?: string) => {
    const { result } = await client.request('session.sync', since === undefined ? {} : { since });
    const page = result as {
      conversations: { conversationId: string; revision: number }[];
      left: string[];
      token: string;
    };
    return { ...page, all: page.conversations.map(({ conversationId }) => conversationId) };
  };

  it('is read as far as it goes, by its members of now, and says so to who waits for more', async () => {
    const conversationId = 'still';
    await group(conversationId);
    const [ann, bob] = [await stack.open('ann'), await stack.open('bob')];
    const before = await sync(bob);
    expect(before.all).toContain(conversationId);
    const letter = await poison(conversationId, 3);
    await stack.done('message.send', { conversationId, body: text('after') });
    await stack.done('member.remove', { conversationId, users: ['bob'] });
    await stack.done('member.add', { conversationId, users: ['dan'] });
    await waitFor(async () => (await waiting(conversationId)) === 3, { what: 'three events to wait' });
    const other = { url: await stack.another() };
    // One that knows nothing yet has the rows alone to go by, and they have bob as a member.
    const page = await stack.redis.getdel(pageKey('rm_1', conversationId));
    expect((await ask('message.list', { conversationId }, 'bob', other)).status).toBe(403);
    await stack.redis.set(pageKey('rm_1', conversationId), page as string);

    for (const where of [{}, other]) {
      const newest = await ask('message.list', { conversationId }, 'ann', where);
      expect(newest).toMatchObject({ status: 200, answer: expect.stringContaining('before') });
      expect(newest.answer).not.toContain('after');
      const named = await ask('message.list', { conversationId, minSeq: 4 }, 'ann', where);
      expect(named).toMatchObject({ status: 503, answer: expect.stringContaining('ConversationParked') });
      const info = await ask('message.info', { conversationId, seq: 4 }, 'ann', where);
      expect(info).toMatchObject({ status: 503, answer: expect.stringContaining('ConversationParked') });
      // Who was removed sees nothing of it, though the rows have them as a member; who was added waits.
      expect((await ask('message.list', { conversationId }, 'bob', where)).status).toBe(403);
      expect((await ask('conversation.list', {}, 'bob', where)).answer).not.toContain(conversationId);
      expect((await ask('message.list', { conversationId }, 'dan', where)).status).toBe(503);
    }
    await stack.withoutPostgres(async () => {
      const cached = await ask('message.list', { conversationId }, 'ann', other);
      expect(cached).toMatchObject({ status: 200, answer: expect.stringContaining('before') });
      expect(cached.answer).not.toContain('after');
    });
    const [annsMeanwhile, bobsMeanwhile] = [await sync(ann), await sync(bob, before.token)];
    expect(bobsMeanwhile.left).toEqual([]);

    await goOn(letter, conversationId);
    const whole = await ask('message.list', { conversationId, minSeq: 6 }, 'ann', other);
    expect(whole).toMatchObject({ status: 200, answer: expect.stringContaining('after') });
    // Its events are older than what the clients were told to have.
    expect((await sync(ann, annsMeanwhile.token)).all).toEqual([conversationId]);
    expect((await sync(bob, bobsMeanwhile.token)).left).toEqual([conversationId]);
    expect((await ask('message.list', { conversationId }, 'dan', other)).status).toBe(200);
  });

  it('of which nothing can be read is there for nobody before it can', async () => {
    const conversationId = 'unborn';
    const letter = await poison(conversationId, 1);
    await waitFor(async () => (await waiting(conversationId)) === 0, { what: 'it to be parked' });
    expect((await ask('message.list', { conversationId }, 'ann')).status).toBe(404);
    await goOn(letter, conversationId);
    expect((await ask('message.list', { conversationId }, 'ann')).status).toBe(404);
  });

  it('ends nothing that is due in it and shows none of it, and ends it when it goes on', async () => {
    const conversationId = 'mortal';
    await group(conversationId, 3_600);
    await group('beside', 3_600);
    const letter = await poison(conversationId, 3);
    await waitFor(async () => (await waiting(conversationId)) === 0, { what: 'it to be parked' });
    const buckets = async () => {
      const { rows } = await stack.database.query<{ body: string | null; expired: boolean }>(
        `select body, expired from rm_1.message where conversation_id = $1`,
        [conversationId],
      );
      return rows[0];
    };
    Object.assign(stack.clock, { ahead: 3_700_000, projectorAhead: 3_700_000 });
    const { state } = await (await jetstreamManager(stack.nats)).streams.info(
      placeOf(conversationId, PARTITIONS).stream,
    );
    await waitFor(
      async () => {
        const { rows } = await stack.database.query(
          `select from rm_1.message where conversation_id = 'beside' and expired`,
        );
        return rows.length === 1;
      },
      { what: 'what is beside to expire', timeout: 30_000 },
    );
    expect(await buckets()).toMatchObject({ expired: false });
    expect((await ask('message.list', { conversationId }, 'ann')).answer).not.toContain('before');
    await waitFor(async () => !(await opens(conversationId)), {
      what: 'its secret to be destroyed',
      timeout: 30_000,
    });
    const last = (
      await (await jetstreamManager(stack.nats)).streams.info(placeOf(conversationId, PARTITIONS).stream)
    ).state;
    const beside =
      placeOf('beside', PARTITIONS).stream === placeOf(conversationId, PARTITIONS).stream ? 1 : 0;
    expect(last.last_seq - state.last_seq).toBeLessThanOrEqual(beside);

    await goOn(letter, conversationId);
    await waitFor(async () => (await buckets())?.expired === true, { what: 'it to expire', timeout: 30_000 });
    Object.assign(stack.clock, { ahead: 0, projectorAhead: 0 });
  });

  it('is erased, and who entered it meanwhile, as soon as it was asked for', async () => {
    const erasable = 'erasable';
    const withDan = 'with-dan';
    const letters = [];
    for (const conversationId of [erasable, withDan]) {
      await group(conversationId);
      letters.push(await poison(conversationId, 3));
      await waitFor(async () => (await waiting(conversationId)) === 0, { what: 'it to be parked' });
    }
    await stack.done('member.add', { conversationId: withDan, users: ['dan'] });
    await stack.done('conversation.erase', { conversationId: erasable }, 'admin', 'erase');
    const secret = async () => {
      const jsm = await jetstreamManager(stack.nats);
      const subject = `$KV.VAULT.conversation.${erasable}`;
      return Buffer.from(
        (await jsm.streams.getMessage('KV_VAULT', { last_by_subj: subject }))?.data ?? '',
      ).toString();
    };
    await waitFor(async () => (await secret()).startsWith('gone.'), { what: 'its secret to be destroyed' });
    expect((await ask('conversation.list', {}, 'ann')).answer).not.toContain(erasable);

    await stack.done('account.erase', { user: 'dan' }, 'admin', 'erase');
    const said = async () => {
      const { subject, stream } = placeOf(withDan, PARTITIONS);
      const jsm = await jetstreamManager(stack.nats);
      const last = await jsm.streams.getMessage(stream, { last_by_subj: subject });
      return last?.json<{ type: string }>().type === 'member.erased';
    };
    await waitFor(said, { what: 'the log to say that dan was erased', timeout: 30_000 });

    await goOn(letters[0] as string, erasable);
    const { rows } = await stack.database.query('select from rm_1.message where conversation_id = $1', [
      erasable,
    ]);
    expect(rows).toEqual([]);
    await goOn(letters[1] as string, withDan);
  });

  /** Whether the bucket that its message was sealed in has a secret. */
  async function opens(conversationId: string): Promise<boolean> {
    const { rows } = await stack.database.query<{ body: string }>(
      'select body from rm_1.message where conversation_id = $1',
      [conversationId],
    );
    const bucket = /^s1\.([^.]+)\./.exec(rows[0]?.body ?? '')?.[1];
    const jsm = await jetstreamManager(stack.nats);
    const stored = await jsm.streams.getMessage('KV_VAULT', { last_by_subj: `$KV.VAULT.bucket.${bucket}` });
    return !Buffer.from(stored?.data ?? '')
      .toString()
      .startsWith('gone.');
  }
});
