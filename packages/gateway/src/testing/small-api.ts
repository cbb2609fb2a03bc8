import { randomUUID } from 'node:crypto';
import type { NatsConnection } from '@nats-io/transport-node';
import { envelopAccount } from '@parley/domain/account/envelope';
import { participantOf } from '@parley/domain/call/call';
import { ongoingOf } from '@parley/domain/call/ongoing';
import { closeBody } from '@parley/domain/conversation/body';
import type { ConversationEvent } from '@parley/domain/conversation/events';
import { evolve } from '@parley/domain/conversation/evolve';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { leads } from '@parley/domain/conversation/standing';
import { type Conversation, initial, stands } from '@parley/domain/conversation/state';
import { SYSTEM } from '@parley/domain/ids';
import { type Envelope, envelop } from '@parley/domain/log/envelope';
import { plainLiveEvent } from '@parley/domain/wire/live';
import { accountPlaceOf, placeOf, receiptPlaceOf, userSubject } from '@parley/infra/log/subjects';
import type { RpcReply, RpcRequest } from '@parley/infra/rpc/protocol';
import { serveRpc } from '@parley/infra/rpc/server';

export const PARTITIONS = 4;

type Kept = { state: Conversation; events: Envelope[] };

/** What stands in the way of a request: a refusal, or nothing once it may go on. */
export type Obstacle = (request: RpcRequest) => Promise<Refusal | undefined> | Refusal | undefined;

/**
 * The other end of rpc, over the real log: conversations are kept in memory and every event is appended to its stream. Tests
 * put obstacles in its way.
 */
export function openSmallApi(nats: NatsConnection) {
  const conversations = new Map<string, Kept>();
  const revoked = new Set<string>();
  /** Conversations a user ever entered. */
  const entered = new Map<string, Set<string>>();
  const unreadable = new Set<string>();
  const requests: RpcRequest[] = [];
  const asked: RpcRequest[] = [];
  let obstacle: Obstacle = () => undefined;
  let delay: (request: RpcRequest) => Promise<void> | undefined = () => undefined;

  const keptOf = (id: string): Kept => {
    const kept = conversations.get(id) ?? { state: initial, events: [] };
    conversations.set(id, kept);
    return kept;
  };

  /** Appends an event as command-api would, and tells those who enter by it. */
  async function happen(conversationId: string, actor: string, event: ConversationEvent): Promise<number> {
    const kept = keptOf(conversationId);
    const seq = kept.state.revision + 1;
    const envelope = envelop(event, { conversationId, seq, at: Date.now(), actor, commandId: randomUUID() });
    kept.state = evolve(kept.state, envelope);
    kept.events.push(envelope);
    // Without waiting: events that happen in one breath arrive in one.
    nats.publish(placeOf(conversationId, PARTITIONS).subject, JSON.stringify(envelope));
    if (event.type === 'conversation.created' || event.type === 'member.added') {
      for (const { user } of event.data.members) {
        entered.set(user, (entered.get(user) ?? new Set()).add(conversationId));
      }
      const notice = JSON.stringify({ type: 'conversation.added', conversationId, seq });
      for (const { user } of event.data.members) nats.publish(userSubject(user), notice);
    }
    await nats.flush();
    return seq;
  }

  const answers: Record<string, (params: Params, request: RpcRequest) => unknown> = {
    'internal.memberships': ({ user }) => ({
      conversations: [...(entered.get(user) ?? [])].filter((id) => isMember(keptOf(id).state, user)),
      complete: true,
      hasMore: false,
    }),
    'internal.revoked': ({ user, device }) => revoked.has(`${user}/${device}`) && 'DeviceRevoked',
    'internal.membership': ({ conversationId, users }) => {
      const { state, events } = keptOf(conversationId);
      const found = users.flatMap((user) => {
        const member = stands(state) ? state.members.get(user) : undefined;
        return member === undefined ? [] : [[user, { since: member.since, banHash: member.banHash }]];
      });
      return {
        revision: state.revision,
        activeAt: events.at(-1)?.at ?? 0,
        ...(stands(state) && state.expiresAt !== null ? { endsAt: state.expiresAt } : {}),
        members: Object.fromEntries(found),
      };
    },
    'internal.call': ({ conversationId }) => {
      const { state } = keptOf(conversationId);
      const { revision } = state;
      if (state.tag !== 'open' || state.call === undefined) return { revision, leads: [] };
      const { kind, call } = state;
      const users = Array.from(call.participants.values(), ({ user }) => user);
      return { revision, kind, call: ongoingOf(call), leads: users.filter((user) => leads(state, user)) };
    },
    'internal.inCalls': () => {
      const participants = [...conversations].flatMap(([conversationId, { state }]) => {
        const call = stands(state) ? state.call : undefined;
        if (call === undefined) return [];
        return Array.from(call.participants.values(), ({ participant }) => ({
          conversationId,
          call: call.call,
          participant,
        }));
      });
      return { participants, hasMore: false };
    },
    'internal.callLost': async ({ conversationId, call, participant }) => {
      const { state } = keptOf(conversationId);
      const gone =
        stands(state) && state.call?.call === call ? participantOf(state.call, participant) : undefined;
      if (gone !== undefined) {
        const data = { call, participant, user: gone.user, why: 'lost' } as const;
        await happen(conversationId, SYSTEM, { type: 'call.left', data });
      }
      return {};
    },
    'internal.acquaintances': ({ user, users }) => {
      const mine = [...conversations.values()].filter(({ state }) => isMember(state, user));
      return { users: users.filter((other) => mine.some(({ state }) => isMember(state, other))) };
    },
    'internal.replay': ({ conversationId, after, limit }) => {
      const { state, events } = keptOf(conversationId);
      const page = pageOf(events.slice(after, after + limit));
      const readable = page.filter(({ seq }) => !unreadable.has(`${conversationId}/${seq}`));
      return { events: readable.map(plainLiveEvent), last: after + page.length, head: state.revision };
    },
    'message.send': async ({ conversationId, body }, { caller }) => {
      const { state } = keptOf(conversationId);
      if (!isMember(state, caller.user)) return refuse('NotAMember');
      const seq = await send(conversationId, caller.user, body.text);
      return { conversationId, seq, at: Date.now() };
    },
    'receipt.mark': async ({ marks }, { caller }) => {
      for (const mark of marks) {
        const { conversationId, delivered = 0, read = 0 } = mark;
        const { subject } = receiptPlaceOf(conversationId, caller.user, PARTITIONS);
        nats.publish(subject, JSON.stringify({ conversationId, user: caller.user, delivered, read, at: 1 }));
      }
      await nats.flush();
      return { watermarks: [] };
    },
    // A result as long as the test wants it.
    'conversation.list': ({ limit }) => ({ conversations: 'x'.repeat(limit ?? 0), hasMore: false }),
    'message.list': (params, { caller }) => ({ params, caller }),
  };

  async function handle(request: RpcRequest): Promise<RpcReply> {
    requests.push(request);
    const { questions } = request.params as { questions?: readonly Params[] };
    if (questions === undefined) return replyTo(await answerTo(request));
    // Gateways ask many questions at once; obstacles and delays are of each.
    const answers = await Promise.all(questions.map((params) => answerTo({ ...request, params })));
    const isPart = request.method !== 'internal.memberships';
    const refusal = isPart ? undefined : answers.find(isRefusal);
    return replyTo(
      refusal ?? { answers: answers.map((answer) => (isRefusal(answer) ? { refused: answer } : answer)) },
    );
  }

  async function answerTo(request: RpcRequest): Promise<unknown> {
    asked.push(request);
    const inTheWay = await obstacle(request);
    if (inTheWay !== undefined) return inTheWay;
    const { user, device } = request.caller;
    if (revoked.has(`${user}/${device}`)) return refuse('DeviceRevoked');
    const answer = answers[request.method];
    if (answer === undefined) return refuse('InvalidParams');
    const result = await answer(request.params as Params, request);
    await delay(request);
    return result;
  }

  const replyTo = (result: unknown): RpcReply =>
    isRefusal(result) ? { tag: 'refusal', refusal: result } : { tag: 'result', json: JSON.stringify(result) };

  const send = (conversationId: string, actor: string, text: string): Promise<number> => {
    const { state } = keptOf(conversationId);
    const ordinal = (stands(state) ? state.messages : 0) + 1;
    return happen(conversationId, actor, {
      type: 'message.sent',
      data: { ordinal, body: closeBody({ kind: 'text', text }) },
    });
  };

  const onError = (error: unknown): void => console.error(error);
  const rpc = serveRpc({ nats, instance: `small-${randomUUID()}`, handle, onError });

  return {
    /** Requests as they came, and what they asked: each of a gateway's questions by itself. */
    requests,
    asked,
    happen,
    send,
    create: (conversationId: string, ...users: string[]) =>
      happen(conversationId, users[0] as string, {
        type: 'conversation.created',
        data: { kind: 'group', ttl: null, members: users.map(entryOf) },
      }),
    add: (conversationId: string, ...users: string[]) =>
      happen(conversationId, 'owner', { type: 'member.added', data: { members: users.map(entryOf) } }),
    remove: (conversationId: string, ...users: string[]) =>
      happen(conversationId, 'owner', { type: 'member.removed', data: { users } }),
    ban: (conversationId: string, user: string) =>
      happen(conversationId, 'owner', { type: 'member.banned', data: { banHash: hashOf(user) } }),
    /** Appends that a device was revoked; requests of it are refused here from now on. */
    async revoke(user: string, device: string): Promise<void> {
      revoked.add(`${user}/${device}`);
      const place = { user, seq: 1, at: Date.now(), by: device, commandId: randomUUID() };
      const event = envelopAccount({ type: 'device.revoked', data: { device } }, place);
      nats.publish(accountPlaceOf(user, PARTITIONS).subject, JSON.stringify(event));
      await nats.flush();
    },
    /** The same without the event. */
    revokeUnheard: (user: string, device: string) => revoked.add(`${user}/${device}`),
    /** Events that are in the log without having been republished to anyone who listens now. */
    appendUnheard(conversationId: string, actor: string, count: number): void {
      const kept = keptOf(conversationId);
      for (let n = 0; n < count; n++) {
        const seq = kept.state.revision + 1;
        const event: ConversationEvent = {
          type: 'message.sent',
          data: { ordinal: seq, body: closeBody({ kind: 'text', text: `${seq}` }) },
        };
        const envelope = envelop(event, { conversationId, seq, at: 1, actor, commandId: randomUUID() });
        kept.state = evolve(kept.state, envelope);
        kept.events.push(envelope);
      }
    },
    /** The same for one event of any kind. */
    happenUnheard(conversationId: string, actor: string, event: ConversationEvent): void {
      const kept = keptOf(conversationId);
      const seq = kept.state.revision + 1;
      const envelope = envelop(event, { conversationId, seq, at: 1, actor, commandId: randomUUID() });
      kept.state = evolve(kept.state, envelope);
      kept.events.push(envelope);
    },
    /** From now on these events of the past are such that nobody can read them. */
    makeUnreadable(conversationId: string, ...seqs: readonly number[]): void {
      for (const seq of seqs) unreadable.add(`${conversationId}/${seq}`);
    },
    obstruct(next: Obstacle): void {
      obstacle = next;
    },
    /** Lets answers wait after they were made: what they say is then of the past. */
    holdBack(next: typeof delay): void {
      delay = next;
    },
    async close(): Promise<void> {
      await rpc.drain();
    },
  };
}

export type SmallApi = ReturnType<typeof openSmallApi>;

/** Parameters as the gateway passes them on; this end does not check them. */
type Params = {
  user: string;
  users: string[];
  conversationId: string;
  after: number;
  limit: number;
  device: string;
  call: number;
  participant: number;
  body: { text: string };
  marks: { conversationId: string; delivered?: number; read?: number }[];
};

/** As many as one message of the broker holds, with what else is asked. */
function pageOf(events: readonly Envelope[]): readonly Envelope[] {
  let characters = 0;
  const full = events.findIndex((event, index) => {
    characters += JSON.stringify(event).length;
    return index > 0 && characters > 100_000;
  });
  return full < 0 ? events : events.slice(0, full);
}

export const hashOf = (user: string): string => `hash-${user}`;
export const entryOf = (user: string) => ({ user, role: 'member' as const, banHash: hashOf(user) });

const isMember = (state: Conversation, user: string): boolean => stands(state) && state.members.has(user);
const isRefusal = (result: unknown): result is Refusal => typeof (result as Refusal | null)?.tag === 'string';
