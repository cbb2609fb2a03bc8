import { randomUUID } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import { decodeEnvelope } from '@parley/domain/log/envelope';
import type { MessageView } from '@parley/domain/wire/views';
import { readConversation } from '@parley/infra/log/conversation-reader';
import { placeOf } from '@parley/infra/log/subjects';
import { waitFor } from '@parley/infra/testing/wait-for';
import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MovedClockStack, openMovedClockStack, PARTITIONS } from './moved-clock-stack.js';
import { LIFE, text } from './planted.js';
import { type Happened, type Told, toldAt } from './told-at.js';

const who = fc.constantFrom('ann', 'bob');
const target = fc.nat({ max: 30 });
const deed = fc.oneof(
  { weight: 6, arbitrary: fc.record({ tag: fc.constant('send'), by: who, lives: fc.boolean(), target }) },
  { weight: 2, arbitrary: fc.record({ tag: fc.constantFrom('edit', 'delete', 'pin'), by: who, target }) },
  { weight: 2, arbitrary: fc.record({ tag: fc.constant('react'), by: who, target }) },
);
type Deed = { readonly tag: string; readonly by: string; readonly target: number; readonly lives?: boolean };

/** One answer: what it told, and at which revision. */
type Seen = { readonly by: string; readonly revision: number; readonly told: Partial<Told> };

describe('a tombstone', { timeout: 240_000 }, () => {
  let stack: MovedClockStack;
  let otherApi: string;

  beforeAll(async () => {
    stack = await openMovedClockStack();
    otherApi = await stack.another();
  });
  afterAll(() => stack?.close());

  /** Does it all, as far as it is allowed. The seqs of messages, the ones that have a life among them. */
  async function live(conversationId: string, deeds: readonly Deed[], nameOf: (who: string) => string) {
    const sent: { seq: number; by: string }[] = [];
    const mortal: number[] = [];
    let head = 1;
    for (const { tag, by, target, lives } of [...deeds, { tag: 'send', by: 'ann', target: 0, lives: true }]) {
      const about = sent[target % Math.max(1, sent.length)];
      const base = { conversationId, commandId: randomUUID() };
      const ask = (method: Parameters<MovedClockStack['ask']>[0], params: object, user: string) =>
        stack.ask(method, { ...base, ...params }, nameOf(user));
      const of = { seq: about?.seq };
      const answer =
        tag === 'send'
          ? await ask('message.send', { body: text('mortal'), ...(lives ? { ttl: LIFE } : {}) }, by)
          : about === undefined
            ? undefined
            : tag === 'edit'
              ? await ask('message.edit', { ...of, body: text('edited') }, about.by)
              : tag === 'delete'
                ? await ask('message.delete', of, about.by)
                : tag === 'pin'
                  ? await ask('message.pin', of, 'ann')
                  : await ask('message.react', { ...of, emoji: '+1' }, by);
      if (answer?.status !== 200) continue;
      const { seq } = JSON.parse(answer.text) as { seq: number };
      head = Math.max(head, seq);
      if (tag !== 'send') continue;
      sent.push({ seq, by });
      if (lives) mortal.push(seq);
    }
    return { head, mortal };
  }

  const pageTold = (messages: readonly MessageView[]): Partial<Told> => ({
    shown: messages.map(({ seq }) => seq),
    deleted: messages.flatMap(({ seq, deletedAt }) => (deletedAt === undefined ? [] : [seq])),
    reactions: messages
      .flatMap(({ seq, reactions = [] }) => reactions.map(({ emoji, count }) => `${seq} ${emoji} ${count}`))
      .sort(),
  });

  type Overview = { conversationId: string; revision: number; unread: number; preview: MessageView | null };
  const overviewTold = ({ unread, preview }: Overview): Partial<Told> => ({
    unread,
    preview: preview?.seq ?? null,
  });

  /** Every way to read it, once each and all at the same time. */
  async function readAll(conversationId: string, reader: string): Promise<readonly Seen[]> {
    const read = async (...asked: Parameters<MovedClockStack['ask']>) => {
      const { status, text } = await stack.ask(...asked);
      if (status !== 200) throw new Error(text);
      return JSON.parse(text);
    };
    const page = (by: string, params: object, url?: string) =>
      read('message.list', { conversationId, ...params }, reader, url === undefined ? {} : { url }).then(
        ({ revision, messages }) => ({ by, revision, told: pageTold(messages) }),
      );
    const overview = (by: 'conversation.list' | 'session.sync') =>
      read(by, {}, reader).then(({ conversations }) => {
        const view = conversations.find((one: Overview) => one.conversationId === conversationId) as Overview;
        return { by, revision: view.revision, told: overviewTold(view) };
      });
    return Promise.all([
      page('newest', {}),
      page('newest elsewhere', {}, otherApi),
      page('all', { limit: '200', around: '1' }),
      overview('conversation.list'),
      overview('session.sync'),
      read('conversation.get', { conversationId, membersLimit: '0' }, reader).then(({ revision, pins }) => ({
        by: 'conversation.get',
        revision,
        told: { pins },
      })),
    ]);
  }

  const isWithout = ({ shown, pins, preview }: Partial<Told>, mortal: readonly number[]): boolean =>
    ![...(shown ?? []), ...(pins ?? []), preview ?? 0].some((seq) => mortal.includes(seq));

  /** The whole log, with what is left of the events that a deletion has taken out of it. */
  async function logOf(conversationId: string): Promise<readonly Happened[]> {
    const jsm = await jetstreamManager(stack.nats);
    const events = new Map<number, Happened>();
    for await (const { json } of readConversation(jsm, placeOf(conversationId, PARTITIONS))) {
      const envelope = decodeEnvelope(json);
      if (E.isLeft(envelope)) continue;
      const event = envelope.right;
      events.set(event.seq, event);
      if (event.type === 'message.erased')
        for (const left of event.data.remains) events.set(left.seq, left as unknown as Happened);
    }
    return [...events.values()].sort((one, other) => one.seq - other.seq);
  }

  it('changes all that is read of a conversation together, whatever happened in it', async () => {
    let number = 0;
    let tombstones = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(deed, { maxLength: 25, size: 'max' }), fc.nat(), async (deeds, mark) => {
        const run = ++number;
        const nameOf = (name: string): string => `${name}-${run}`;
        const [ann, bob] = [nameOf('ann'), nameOf('bob')];
        const conversationId = `g-${randomUUID()}`;
        await stack.done('conversation.create', { conversationId, kind: 'group', members: [bob] }, ann);
        const online = await stack.open(bob);
        const { head, mortal } = await live(conversationId, deeds, nameOf);
        const read = mark % (head + 1);
        await stack.ask('receipt.mark', { marks: [{ conversationId, read }] }, bob);
        await stack.projected(conversationId, head);
        const before = toldAt(await logOf(conversationId), head, bob, read);
        const isCounted = async () => {
          const seen = await readAll(conversationId, bob);
          return seen.every(({ told }) => told.unread === undefined || told.unread === before.unread);
        };
        await waitFor(isCounted, { timeout: 30_000, what: 'the count of what bob has not read' });

        // The projector alone is ahead: for all others the messages live on until the tombstone is there.
        // No further: it would destroy the secrets of lives that begin next.
        stack.clock.projectorAhead = LIFE * 1_000;
        const seen: Seen[] = [];
        const isToldEverywhere = async () => {
          const round = await readAll(conversationId, bob);
          seen.push(...round);
          const { shown } = toldAt(await logOf(conversationId), Number.POSITIVE_INFINITY, bob, read);
          return (
            !shown.some((seq) => mortal.includes(seq)) && round.every(({ told }) => isWithout(told, mortal))
          );
        };
        await waitFor(isToldEverywhere, { timeout: 30_000, what: 'the tombstone, wherever it is read' });
        stack.clock.projectorAhead = 0;

        const log = await logOf(conversationId);
        const last = log.at(-1)?.seq as number;
        for (const { by, revision, told } of seen) {
          const expected = toldAt(log, revision, bob, read);
          const same = Object.fromEntries(Object.keys(told).map((key) => [key, expected[key as keyof Told]]));
          expect({ by, revision, ...told }).toEqual({ by, revision, ...same });
        }
        tombstones += mortal.length;

        // Whoever is there hears it; whoever was not hears nothing of what is gone.
        const told = () => online.notices('event').filter(({ type }) => type === 'message.expired');
        await waitFor(() => told().length > 0, { what: 'the tombstone, live' });
        const offline = await stack.open(bob, { [conversationId]: 1 });
        await waitFor(() => offline.seqs(conversationId).includes(last), { what: 'the past' });
        const bodies = offline.notices('event').flatMap(({ seq, type, data }) => {
          const { body, seq: about } = data as { body?: unknown; seq?: number };
          const message = type === 'message.sent' ? (seq as number) : about;
          return body !== undefined && body !== null && mortal.includes(message as number) ? [seq] : [];
        });
        expect(bodies).toEqual([]);
        online.end();
        offline.end();
      }),
      { numRuns: 10, endOnFailure: true },
    );
    expect(tombstones).toBeGreaterThan(10);
  });
});
