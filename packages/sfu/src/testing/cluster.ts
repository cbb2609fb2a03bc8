import { randomBytes } from 'node:crypto';
import type { NatsConnection } from '@nats-io/transport-node';
import type { OngoingCall } from '@parley/domain/wire/calls';
import type { NodeMethod } from '@parley/domain/wire/voice';
import { serveRpc } from '@parley/infra/rpc/server';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { connectRedis } from '@parley/infra/runtime/connect-redis';
import { createLog } from '@parley/infra/runtime/log';
import { type BreakableLine, openBreakableLine } from '@parley/infra/testing/breakable-line';
import { type ServiceProcess, startService } from '@parley/infra/testing/service-process';
import type { TestEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { openPlacing, type Placing, type Seat } from '@parley/infra/voice/placing';
import type { NodeReply } from '@parley/infra/voice/protocol';
import type { CallRoster } from '@parley/infra/voice/roster';
import { nodeSubject } from '@parley/infra/voice/subjects';
import { signTicket, type Ticket, ticketKey } from '@parley/infra/voice/ticket';
import * as E from 'fp-ts/lib/Either.js';
import type { Redis } from 'ioredis';
import { testWorker } from './test-worker.js';

/** Partitions of its log. */
export const PARTITIONS = 4;

/** SFU nodes in processes of their own, and what asks them: as gateways do, and with command-api's part played by a list of calls. */
export type Cluster = {
  readonly nats: NatsConnection;
  readonly redis: Redis;
  readonly placing: Placing;
  /** The line that everybody here has to Redis. */
  readonly redisLine: BreakableLine;
  /** What the log says of conversations; a call that is not here goes on with nobody in it. */
  readonly calls: Map<string, Partial<OngoingCall> | null>;
  /** Starts a node and waits until it takes calls. */
  start(env?: Readonly<Record<string, string>>): Promise<TestNode>;
  /** Another gateway's. */
  otherPlacing(): Promise<Placing>;
  seat(conversationId: string, participant?: number, except?: readonly string[]): Promise<Seat>;
  /** Asks with a good ticket for a seat, or with one that was changed. */
  ask(seat: Seat, method: NodeMethod, params?: object, changed?: Changed): Promise<NodeReply>;
  attach(seat: Seat, changed?: Changed): Promise<NodeReply>;
  /** Ends its nodes. */
  clear(): Promise<void>;
  close(): Promise<void>;
};

export type TestNode = { readonly id: string; readonly url: string; readonly service: ServiceProcess };

export type Changed = Partial<Ticket> & {
  readonly key?: Uint8Array;
  /** When it was signed, in ms. */
  readonly signedAt?: number;
  /** Who shows it. */
  readonly caller?: { readonly user: string; readonly device: string };
  readonly at?: string;
  readonly timeoutMs?: number;
};

export async function openCluster(environment: TestEnvironment): Promise<Cluster> {
  const { workerBin } = testWorker;
  const secret = randomBytes(32);
  const key = ticketKey({ PARLEY_VOICE_SECRET: secret, PARLEY_TOKEN_SECRET: undefined });
  const log = createLog('cluster', 'silent');
  const redisLine = await openBreakableLine(environment.redisUrl);
  const nats = await connectNats(environment.natsUrl, 'cluster');
  const redis = await connectRedis(redisLine.url, { name: 'cluster', log });
  const options = { redis, nats, region: 'local', log };
  let placing = openPlacing(options);
  const others: Placing[] = [];
  const nodes: TestNode[] = [];
  const calls: Cluster['calls'] = new Map();

  const rpc = serveRpc({
    nats,
    instance: 'cluster',
    onError: () => undefined,
    handle: async ({ params }) => {
      const { questions } = params as { readonly questions: readonly { readonly conversationId: string }[] };
      const answers = questions.map(({ conversationId }) => rosterOf(calls.get(conversationId)));
      return { tag: 'result', json: JSON.stringify({ answers }) };
    },
  });

  async function seat(
    conversationId: string,
    participant = 1,
    except: readonly string[] = [],
  ): Promise<Seat> {
    const seated = await placing.seat(conversationId, CALL, participant, { except });
    if (E.isLeft(seated)) throw new Error(`nobody took ${conversationId}: ${seated.left.tag}`);
    return seated.right;
  }

  async function ask(
    placed: Seat,
    method: NodeMethod,
    params: object = {},
    { key: otherKey, signedAt = Date.now(), caller, at, timeoutMs = 5_000, ...changed }: Changed = {},
  ): Promise<NodeReply> {
    const ticket: Ticket = {
      ...placed,
      participant: 1,
      user: 'alice',
      device: 'd1',
      speaks: true,
      ...changed,
    };
    const request = {
      method,
      params: {
        ...params,
        conversationId: placed.conversationId,
        call: placed.call,
        ticket: await signTicket(otherKey ?? key, ticket, signedAt),
      },
      ...(caller ?? { user: 'alice', device: 'd1' }),
    };
    const reply = await nats.request(nodeSubject(at ?? placed.node), JSON.stringify(request), {
      timeout: timeoutMs,
    });
    return reply.json<NodeReply>();
  }

  return {
    nats,
    redis,
    get placing() {
      return placing;
    },
    redisLine,
    calls,
    seat,
    async start(env = {}) {
      const service = await startService('sfu', {
        NATS_URL: environment.natsUrl,
        REDIS_URL: redisLine.url,
        PARLEY_PARTITIONS: String(PARTITIONS),
        PARLEY_VOICE_SECRET: secret.toString('base64url'),
        PARLEY_MEDIASOUP_WORKER: workerBin,
        PARLEY_VOICE_WORKERS: '1',
        PARLEY_LOG_LEVEL: process.env.PARLEY_LOG_LEVEL ?? 'silent',
        ...env,
      });
      const node = { id: service.info.node as string, url: service.info.url as string, service };
      nodes.push(node);
      await waitFor(() => placing.nodes().some((beat) => beat.node === node.id && beat.state === 'ready'), {
        what: 'a node to be ready',
      });
      return node;
    },
    async otherPlacing() {
      const other = openPlacing(options);
      others.push(other);
      await waitFor(() => other.nodes().length >= placing.nodes().length, { what: 'the nodes to be heard' });
      return other;
    },
    ask,
    attach: (placed, changed) => ask(placed, 'voice.attach', {}, changed),
    async clear() {
      await Promise.all(nodes.splice(0).map(({ service }) => service.end('SIGKILL')));
      // Another one has not heard of them.
      placing.close();
      placing = openPlacing(options);
      for (const other of others.splice(0)) other.close();
      calls.clear();
      await redis.flushdb();
    },
    async close() {
      await Promise.all(nodes.splice(0).map(({ service }) => service.end('SIGKILL')));
      for (const each of [placing, ...others]) each.close();
      await rpc.drain();
      redis.disconnect();
      redisLine.close();
      await nats.close();
    },
  };
}

/** The call of each conversation, unless said otherwise. */
export const CALL = 1;

const ALICE = { participant: 1, user: 'alice', device: 'd1', at: 0 };

/** What the log says of a conversation whose call is this, with what goes without saying. */
export function rosterOf(call: Partial<OngoingCall> | null | undefined): CallRoster {
  const roster: CallRoster = { revision: 1, leads: [], kind: 'group' };
  if (call === null) return roster;
  const ongoing: OngoingCall = {
    call: CALL,
    media: 'voice',
    by: 'alice',
    at: 0,
    p2pMax: 0,
    topology: 'sfu',
    participants: [ALICE],
    muted: [],
    broadcast: null,
    ...call,
  };
  return { ...roster, call: ongoing };
}
