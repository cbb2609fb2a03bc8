import { isDeepStrictEqual } from 'node:util';
import { connect, type ParleyClient } from '@parley/client/parley-client';
import { messagesOf } from '@parley/client/testing/model-conversation';
import { openBody } from '@parley/domain/conversation/body';
import { directConversationId } from '@parley/domain/ids';
import type { Envelope } from '@parley/domain/log/envelope';
import { type LiveEvent, plainLiveEvent } from '@parley/domain/wire/live';
import { withoutContent } from '@parley/domain/wire/past-its-life';
import { type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Actor, act } from './history/actor.js';
import { goneOf, isErased, isOver, logOf, membership } from './history/log-of.js';
import { type Looker, look, type Shown, shown } from './history/looker.js';
import { openRoughProxy, type RoughProxy } from './history/rough-proxy.js';
import { type Testimony, witness } from './history/witness.js';
import { seeded } from './seeded.js';

/** HISTORY_SEED repeats a history as far as timing lets it; HISTORY_DEEDS makes it longer. */
const seed = Number(process.env.HISTORY_SEED ?? Date.now() % 1_000_000);
const deeds = Number(process.env.HISTORY_DEEDS ?? 35);
const random = seeded(seed);

const people = ['ada', 'ben', 'cleo', 'dov', 'eva', 'finn', 'gus', 'hana'];
const groups = ['garden', 'kitchen', 'attic'];
const direct = directConversationId('ada', 'ben');
const conversations = [...groups, direct];

let environment: TestEnvironment;
let system: SystemProcesses;
let proxy: RoughProxy;
const cast = new Map<string, { client: ParleyClient; actor: Actor; testimony: Testimony; looker: Looker }>();
let log: ReadonlyMap<string, readonly Envelope[]>;

beforeAll(async () => {
  environment = await testEnvironment();
  system = await startSystem(environment);
  proxy = await openRoughProxy(Number(new URL(system.ws).port), random);
  const clients = await Promise.all(people.map(enter));
  await found(clients[0] as ParleyClient);
  const seen = clients.map((client) => witness(client));
  clients.forEach((client, index) => {
    const mine = client.user === 'ada' || client.user === 'ben' ? conversations : groups;
    const actor = act(client, { conversations: mine, people, random, deeds });
    cast.set(client.user, { client, actor, testimony: seen[index] as Testimony, looker: look(client, mine) });
  });
  await misfortunes();
  await settle();
}, 180_000);
afterAll(async () => {
  for (const { client } of cast.values()) client.close();
  await proxy?.close();
  await system?.stop();
  await environment?.dispose();
});

async function enter(user: string): Promise<ParleyClient> {
  return connect({
    url: `ws://127.0.0.1:${proxy.port}/v1/ws`,
    token: () => system.token(user),
    user,
    device: 'd1',
    webSocket: WebSocket as never,
    connectMs: 60_000,
    answerMs: 5_000,
  });
}

/** Each conversation has a past that nobody here heard live. */
async function found(founder: ParleyClient): Promise<void> {
  for (const conversationId of groups) {
    await founder.call('conversation.create', { conversationId, kind: 'group', members: people.slice(1) });
    await founder.send(conversationId, { text: 'welcome' });
  }
  await founder.call('conversation.create', { conversationId: direct, kind: 'direct', members: ['ben'] });
}

/** While everyone talks, each service is killed and started again. */
async function misfortunes(): Promise<void> {
  const sent = (): number => [...cast.values()].reduce((sum, { actor }) => sum + actor.sends.length, 0);
  const reached = (part: number) =>
    waitFor(() => sent() >= part * 0.5 * deeds * people.length, { what: `${part} of it`, timeout: 120_000 });
  await reached(0.25);
  await system.killAndRestart('gateway');
  await reached(0.45);
  await system.killAndRestart('command-api');
  await reached(0.6);
  await system.killAndRestart('projector');
  await reached(0.75);
  await system.killAndRestart('gateway');
}

/** The line becomes good, everything asked for is answered, what has an end has ended, and everyone has heard all that is theirs. */
async function settle(): Promise<void> {
  await Promise.race([
    Promise.all([...cast.values()].map(({ actor }) => actor.work)),
    waitFor(() => false, { what: `everything to be answered (seed ${seed})`, timeout: 90_000 }),
  ]);
  proxy.calm();
  await waitFor(
    async () => {
      log = await logOf(environment.natsUrl, conversations);
      const open = conversations.filter((conversationId) => !isOver(log.get(conversationId) ?? []));
      if (open.length > 0) throw new Error(`something has not ended in ${open.join(', ')}`);
      const missing = [...cast].flatMap(([user, { client, testimony }]) =>
        missingOf(user, client, testimony),
      );
      if (missing.length > 0) throw new Error(missing.join('; '));
      return true;
    },
    { what: `everyone to hear everything (seed ${seed})`, timeout: 60_000 },
  );
}

function textOf(event: Envelope): string | undefined {
  const body = event.type === 'message.sent' ? openBody(event.data.body) : undefined;
  return body?.kind === 'text' ? body.text : undefined;
}

/** Whoever was told last that a conversation is to be read anew has heard all that there is to hear of it. */
function missingOf(user: string, client: ParleyClient, testimony: Testimony): readonly string[] {
  return conversations.flatMap((conversationId) => {
    const events = log.get(conversationId) ?? [];
    const newest = events.at(-1)?.seq;
    if (newest === undefined || !membership(user, events).has(newest)) return [];
    const at = client.position(conversationId);
    const run = testimony.get(conversationId)?.at(-1);
    const isToReadAnew = run?.events.length === 0 && run.after !== 'nothing' && run.after !== 'entry';
    return at === newest || (at === undefined && isToReadAnew)
      ? []
      : [`${user} is at ${at} of ${newest} in ${conversationId}`];
  });
}

describe(`a history of ${people.length} people on a bad line (seed ${seed})`, () => {
  it('was rough', () => {
    expect(proxy.done.cuts).toBeGreaterThan(people.length);
    expect(proxy.done.stalls).toBeGreaterThan(0);
    expect(proxy.done.doubles).toBeGreaterThan(0);
  });

  it('has every acknowledged message in the log once, where its sender was told, and nothing that was refused', () => {
    for (const { actor } of cast.values()) {
      for (const { conversationId, commandId, seq, refused, text } of actor.sends) {
        const stored = (log.get(conversationId) ?? []).filter(
          (event) => event.commandId === commandId || textOf(event) === text,
        );
        if (refused !== undefined) expect(stored, `${text}: ${refused}`).toEqual([]);
        else expect(stored, text).toMatchObject([{ seq, type: 'message.sent' }]);
      }
    }
  });

  it("keeps each sender's order", () => {
    for (const [user, { actor }] of cast) {
      for (const conversationId of conversations) {
        const asked = actor.sends.filter((send) => send.conversationId === conversationId && !send.refused);
        const stored = (log.get(conversationId) ?? [])
          .filter(
            ({ type, actor: author, commandId }) =>
              type === 'message.sent' && author === user && commandId !== undefined,
          )
          .map(({ commandId }) => commandId);
        const ids = new Set(asked.map(({ commandId }) => commandId));
        expect(stored.filter((id) => ids.has(id))).toEqual(asked.map(({ commandId }) => commandId));
      }
    }
  });

  it('told each of them the log itself, in its order, and nothing of after they were put out', () => {
    for (const [user, { testimony }] of cast) {
      for (const [conversationId, runs] of testimony) {
        const events = log.get(conversationId) ?? [];
        // Members may read what was before them, so a resume may bring it; what comes after them is not theirs.
        const lastOfTheirs = Math.max(...membership(user, events)) + 1;
        const seqs = runs.flatMap((run) => run.events.map(({ seq }) => seq));
        expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
        expect(seqs.at(-1) ?? 0, `${user} in ${conversationId}`).toBeLessThanOrEqual(lastOfTheirs);
        for (const event of runs.flatMap((run) => run.events)) {
          expectTold(event, events.find(({ seq }) => seq === event.seq) as Envelope);
        }
      }
    }
  });

  it('left out nothing but what passed while somebody was no member, or what was before they were put out', () => {
    for (const [user, { testimony }] of cast) {
      for (const [conversationId, runs] of testimony) {
        const theirs = membership(user, log.get(conversationId) ?? []);
        let last: number | undefined;
        for (const { after, events } of runs) {
          const where = `${user} in ${conversationId}, after ${last}: ${after}`;
          const first = events[0]?.seq;
          expect(['nothing', 'entry', 'left'], where).toContain(after);
          if (first === undefined) continue;
          expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => first + index));
          if (last !== undefined && first > last + 1) {
            expect(after, where).not.toBe('nothing');
            const wereOut = Array.from({ length: first - last - 1 }, (_, index) => (last ?? 0) + 1 + index);
            expect(
              wereOut.some((seq) => !theirs.has(seq)),
              where,
            ).toBe(true);
          }
          last = events.at(-1)?.seq;
        }
      }
    }
  });

  it('shows each member the messages of the log, each once, with its edits, deletions and reactions', async () => {
    for (const [user, { looker }] of cast) {
      for (const conversationId of theirs(user)) {
        const events = log.get(conversationId) ?? [];
        const taken = new Set(events.filter(isErased).map(({ seq }) => seq));
        // Who first heard of a message when it was out of the log heard of a place alone, and has no tombstone of it.
        const known = (messages: readonly Shown[]) => messages.filter(({ seq }) => !taken.has(seq));
        const expected = known(messagesOf(events.map(plainLiveEvent), user).map(shown));
        const seen = async () => known(await looker.messages(conversationId));
        await waitFor(async () => isDeepStrictEqual(await seen(), expected), {
          what: `${user} to see ${conversationId} as it is`,
          timeout: 15_000,
        }).catch(async (error: unknown) => {
          expect(await seen(), String(error)).toEqual(expected);
        });
      }
    }
  });

  it('shows nobody anything of a message that is gone, wherever they look', async () => {
    const gone = new Map(
      conversations.map((conversationId) => {
        const events = log.get(conversationId) ?? [];
        const { deleted, expired } = goneOf(events);
        return [conversationId, { deleted, expired }];
      }),
    );
    const texts = [...cast.values()].flatMap(({ actor }) =>
      actor.sends.flatMap(({ conversationId, seq = 0, text }) => {
        const { deleted, expired } = gone.get(conversationId) as ReturnType<typeof goneOf>;
        return deleted.has(seq) || expired.has(seq) ? [JSON.stringify(text)] : [];
      }),
    );
    expect(texts.length).toBeGreaterThan(0);
    for (const [user, { client, looker }] of cast) {
      for (const conversationId of theirs(user)) {
        const { expired } = gone.get(conversationId) as ReturnType<typeof goneOf>;
        const shown = [
          await looker.messages(conversationId),
          (await client.call('message.list', { conversationId, limit: 200 })).messages,
        ];
        for (const messages of shown) expect(messages.filter(({ seq }) => expired.has(seq))).toEqual([]);
        const everything = JSON.stringify([
          shown,
          await client.call('conversation.get', { conversationId }),
          await client.call('conversation.list', { limit: 200 }),
          await client.call('session.sync', {}),
          client.list.snapshot(),
        ]);
        for (const text of texts) expect(everything).not.toContain(text);
      }
    }
  });

  it('shows each member the pins of messages that are there', async () => {
    for (const [user, { client }] of cast) {
      for (const conversationId of theirs(user)) {
        const { pins } = await client.call('conversation.get', { conversationId });
        expect(pins).toEqual(pinsOf(log.get(conversationId) ?? []));
      }
    }
  });

  it("shows each member the server's unread counts and everybody's watermarks", async () => {
    for (const [user, { client, looker }] of cast) {
      for (const conversationId of theirs(user)) {
        const facts = async () => {
          const { conversations } = await client.call('conversation.list', { limit: 200 });
          const { members } = await client.call('conversation.get', { conversationId });
          return {
            unread: conversations.find((one) => one.conversationId === conversationId)?.unread,
            watermarks: members.map(({ user, delivered = 0, read = 0 }) => ({ user, delivered, read })),
          };
        };
        await waitFor(async () => isDeepStrictEqual(looker.facts(conversationId), await facts()), {
          what: `${user} to count ${conversationId} as the server does`,
          timeout: 15_000,
        }).catch(async (error: unknown) => {
          expect(looker.facts(conversationId), String(error)).toEqual(await facts());
        });
      }
    }
  });
});

/**
 * What somebody was told is what the log has, or had: of what was taken out of it since, a place alone or the event as it was then; of what
 * was over when they were told, the event without its content.
 */
function expectTold(event: LiveEvent, stored: Envelope): void {
  if (event.commandId === `erased-${stored.seq}`) return expect(isErased(stored)).toBe(true);
  const live = JSON.parse(JSON.stringify(plainLiveEvent(stored))) as LiveEvent;
  if (event.data.sealed !== undefined || live.data.sealed !== undefined)
    expect(withoutContent(event)).toEqual(withoutContent(live));
  else expect(event).toEqual(live);
}

/** What is pinned after these events. */
function pinsOf(events: readonly Envelope[]): readonly number[] {
  const { deleted, expired } = goneOf(events);
  const pins = new Set<number>();
  for (const { type, data } of events) {
    if (type === 'message.pinned') pins.add(data.seq);
    if (type === 'message.unpinned') pins.delete(data.seq);
  }
  return [...pins].filter((seq) => !deleted.has(seq) && !expired.has(seq));
}

/** Conversations whose member this user is at the end. */
function theirs(user: string): readonly string[] {
  return conversations.filter((conversationId) => {
    const events = log.get(conversationId) ?? [];
    return membership(user, events).has(events.at(-1)?.seq ?? 0);
  });
}
