import { randomUUID } from 'node:crypto';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { beatOf } from '@parley/infra/testing/beat-of';
import type { Received } from '@parley/infra/testing/foreign-client';
import type { NodeBeat } from '@parley/infra/voice/beat';
import type { NodeReply, NodeRequest } from '@parley/infra/voice/protocol';
import type { NodeAnswer, NodeQuestion } from '@parley/infra/voice/questions';
import { openRegistry } from '@parley/infra/voice/registry';
import { ALIVE_SUBJECT, nodeSubject } from '@parley/infra/voice/subjects';
import { Redis } from 'ioredis';
import type { SmallApi } from './small-api.js';

/** Calls by their events alone. */
export const openCalls = (api: SmallApi) => ({
  /** The call's number, which is the participant's too. */
  start: (conversationId: string, user: string, device: string, p2pMax = 4) =>
    api.happen(conversationId, user, { type: 'call.started', data: { media: 'voice', device, p2pMax } }),
  /** The participant's number. */
  join: (conversationId: string, call: number, user: string, device: string) =>
    api.happen(conversationId, user, { type: 'call.joined', data: { call, device } }),
  leave: (
    conversationId: string,
    call: number,
    participant: number,
    user: string,
    why: 'left' | 'removed' | 'lost' = 'left',
  ) => api.happen(conversationId, user, { type: 'call.left', data: { call, participant, user, why } }),
  end: (conversationId: string, call: number, user: string) =>
    api.happen(conversationId, user, { type: 'call.ended', data: { call } }),
});

/** What a node answers to a request that is not its own business; undefined: nothing at all. */
export type NodeAnswers = (request: NodeRequest) => NodeReply | undefined;

/** What a gateway asks for itself: the last two of any node, about any call, wherever Redis was too slow for it. */
type Question = Extract<NodeQuestion, { readonly method: 'node.ping' | 'node.find' | 'node.place' }>;

const isQuestion = (asked: NodeRequest | Question): asked is Question => asked.method.startsWith('node.');

function answerOf(question: Question, node: string): NodeAnswer[Question['method']] {
  if (question.method === 'node.ping') return { state: 'ready' };
  if (question.method === 'node.find') return {};
  const { conversationId, call, above } = question;
  return { placement: { conversationId, call, node, fence: Math.max(Date.now(), above + 1) } };
}

/** A node that says it is there and answers as the test wants: the other end of what a gateway forwards, which are its `requests`. */
export async function openTestNode(
  nats: NatsConnection,
  redisUrl: string,
  answers: NodeAnswers,
  { http = 'http://127.0.0.1:1', cpu = 0 }: { readonly http?: string; readonly cpu?: number } = {},
) {
  const node = `node-${randomUUID().slice(0, 8)}`;
  const requests: NodeRequest[] = [];
  let pings = 0;
  let isSilent = false;
  const redis = new Redis(redisUrl);
  redis.on('error', () => undefined);
  const registry = openRegistry(redis);
  const idle = beatOf(node);
  const said: NodeBeat = { ...idle, region: 'local', http, load: { ...idle.load, cpu } };
  const beat = () => {
    nats.publish(ALIVE_SUBJECT, JSON.stringify(said));
    return registry.beat(said);
  };
  await beat();
  const timer = setInterval(() => void beat().catch(() => undefined), 500);

  const listen = (): Subscription =>
    nats.subscribe(nodeSubject(node), {
      callback: (error, message) => {
        if (error) return;
        const asked = message.json<NodeRequest | Question>();
        if (asked.method === 'node.ping') pings++;
        if (!isQuestion(asked)) requests.push(asked);
        if (isSilent) return;
        const reply = isQuestion(asked) ? { result: answerOf(asked, node) } : answers(asked);
        if (reply !== undefined) message.respond(JSON.stringify(reply));
      },
    });
  let subscription = listen();
  await nats.flush();

  return {
    node,
    requests,
    /** How often it was asked whether it is there. */
    get pings() {
      return pings;
    },
    /** It hears, and says nothing any more; its beats go on. */
    freeze(): void {
      isSilent = true;
    },
    thaw(): void {
      isSilent = false;
    },
    /** Its line to the broker is cut, then whole again; its beats go on. */
    async deafen(): Promise<void> {
      subscription.unsubscribe();
      await nats.flush();
    },
    async listen(): Promise<void> {
      subscription = listen();
      await nats.flush();
    },
    /** As kill -9 leaves it: nobody listens, and Redis still has its last beat. */
    async kill(): Promise<void> {
      clearInterval(timer);
      subscription.unsubscribe();
      await nats.flush();
    },
    async close(): Promise<void> {
      clearInterval(timer);
      subscription.unsubscribe();
      await registry.leave(node).catch(() => undefined);
      redis.disconnect();
    },
  };
}

export type TestNode = Awaited<ReturnType<typeof openTestNode>>;

export const tagOf = (answer: Received): string | undefined => answer.error?.data.tag;
