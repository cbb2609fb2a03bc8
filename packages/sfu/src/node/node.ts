import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import type { Log } from '@parley/infra/runtime/log';
import { steadyNow } from '@parley/infra/runtime/steady-now';
import type { NodeBeat } from '@parley/infra/voice/beat';
import { openPlacements } from '@parley/infra/voice/placements';
import type { Placing } from '@parley/infra/voice/placing';
import type { NodeReply } from '@parley/infra/voice/protocol';
import { openRegistry } from '@parley/infra/voice/registry';
import type { CallRoster } from '@parley/infra/voice/roster';
import { nodeSubject } from '@parley/infra/voice/subjects';
import * as E from 'fp-ts/lib/Either.js';
import type { Redis } from 'ioredis';
import type { Registry } from 'prom-client';
import type { Broadcasts } from '../broadcast/broadcasts.js';
import type { Edges } from '../edge/edges.js';
import type { Rooms } from '../room/rooms.js';
import { answerParticipant } from './answer-participant.js';
import { answerQuestion } from './answer-question.js';
import { openBeats } from './beats.js';
import { moveCalls, moveRest } from './drain.js';
import { followCalls } from './follow.js';
import { openHolds } from './holds.js';
import { openIdle } from './idle.js';
import { openKeeping } from './keeping.js';
import { openLife } from './life.js';
import type { LifeEffect } from './life-state.js';
import { loadOf } from './load.js';
import { nodeMetrics } from './metrics.js';
import { readRequest, refused, replyText } from './requests.js';

/** One run of an SFU process as the others see it. */
export type SfuNode = {
  /** Its workers run: it takes calls. */
  workersReady(): void;
  /** All have died and none starts: its calls are let go of, and it takes none until it has workers again. */
  workersGone(): void;
  /** Whether it takes calls. */
  readonly isReady: boolean;
  /** Gives its calls away and leaves; resolves when it is gone. */
  drain(seconds: number): Promise<void>;
};

export type NodeOptions = {
  /** New with each run: a token of a subject. */
  readonly self: string;
  readonly nats: NatsConnection;
  readonly redis: Redis;
  readonly placing: Placing;
  readonly rooms: Rooms;
  readonly broadcasts: Broadcasts;
  readonly edges: Edges;
  readonly rosterOf: (conversationId: string) => Promise<E.Either<Refusal, CallRoster>>;
  readonly partitions: number;
  /** Key of tickets. */
  readonly key: Uint8Array;
  readonly region: string;
  /** Where its health and metrics are. */
  readonly http: string;
  /** Participants of one call that it takes. */
  readonly comfortable: number;
  /** CPU of its busiest worker, as a share of one core. */
  readonly cpu: () => number;
  readonly log: Log;
  readonly registry: Registry;
  /** Somebody has asked it to go, within so many seconds if they said. */
  readonly onDrainAsked: (seconds: number | undefined) => void;
};

/** Requests answered at once. */
const MAX_IN_FLIGHT = 5_000;

/** Milliseconds between two looks at everything: who may be in each call, whether Redis has it, whether anybody is there. */
const LOOK_MS = 10_000;

export function openNode(options: NodeOptions): SfuNode {
  const { self, nats, redis, placing, rooms, key, region, log, onDrainAsked } = options;
  const placements = openPlacements(redis);
  const load = () => loadOf(rooms.list(), options.cpu());
  const life = openLife(perform);
  const metrics = nodeMetrics(options.registry, load, () => life.state.tag === 'ready');
  const left = Promise.withResolvers<void>();
  const moving = new AbortController();
  let moved = Promise.resolve();
  let inFlight = 0;

  const follow = followCalls({ ...options, onRoster });
  const holds = openHolds({
    self,
    rooms,
    onOpen(held, isNew) {
      metrics.placed(isNew ? 'opened' : 'raised');
      follow.add(held.conversationId);
      edges.follow(held);
      // It may have been the core until now.
      if (held.core !== undefined) options.broadcasts.stop(held.conversationId);
      // Redis may know of a newer placement, or of none.
      void keeping.keep(held);
    },
    onClose(conversationId, isElsewhere) {
      if (isElsewhere) metrics.placed('moved');
      follow.remove(conversationId);
      options.broadcasts.stop(conversationId);
      edges.drop(conversationId);
    },
  });
  const keeping = openKeeping({ self, holds, rooms, placements, placing, log });
  const findIdle = openIdle(holds, rooms, options.edges);
  const beats = openBeats({
    nats,
    registry: openRegistry(redis),
    say,
    onBack: () => void keeping.keepAll(),
    log,
  });
  const { edges } = options;
  const questions = { self, region, life, holds, placements, beats, edges, onDrainAsked };

  function say(): NodeBeat | undefined {
    const { tag } = life.state;
    if (tag === 'suspect') return undefined;
    const { http, comfortable } = options;
    const state = tag === 'gone' ? 'draining' : tag;
    return { node: self, region, http, load: load(), state, comfortable };
  }

  function onRoster(conversationId: string, roster: CallRoster): void {
    const hold = holds.of(conversationId);
    if (hold.tag !== 'held' && hold.tag !== 'leaving') return;
    const { call } = roster;
    if (call !== undefined && call.call === hold.call) {
      rooms.setRoster(conversationId, roster);
      // An edge hears what its core broadcasts.
      if (hold.tag === 'held' && hold.core === undefined)
        options.broadcasts.set(conversationId, call.call, call.broadcast);
      if (hold.tag === 'held')
        void keeping.keep(
          { ...hold, conversationId },
          call.participants.map(({ participant }) => participant),
        );
      return;
    }
    rooms.setRoster(conversationId, undefined);
    holds.step(conversationId, { tag: 'ended', call: hold.call });
    void keeping.free(conversationId, hold.call);
  }

  function perform(effect: LifeEffect): void {
    switch (effect) {
      case 'beat':
        void beats.beat();
        return;
      case 'check':
        void check();
        return;
      case 'drop':
        // Where Redis has it, it is placed anew as soon as somebody asks, of a node that says it has no worker.
        for (const { conversationId } of holds.held()) holds.step(conversationId, { tag: 'unable' });
        return;
      case 'move':
        // It may be at it, and have been frozen meanwhile.
        moved = moved.then(move);
        return;
      case 'moveRest':
        moving.abort();
        return;
      case 'leave':
        void leave();
        return;
      default:
        effect satisfies never;
    }
  }

  async function check(): Promise<void> {
    const { state } = life;
    if (state.tag !== 'suspect') return;
    log.warn({ calls: holds.held().length }, 'this node was away: asking where its calls are');
    await keeping.check();
    life.step({ tag: 'checked', check: state.check });
  }

  async function move(): Promise<void> {
    // Whoever places a call must know that this node takes none, before they are told to ask.
    await beats.beat();
    const { state } = life;
    if (state.tag !== 'draining') return;
    await moveCalls({ self, nats, holds, rooms, placing, log }, state.until, moving.signal);
    life.step({ tag: 'emptied' });
  }

  async function leave(): Promise<void> {
    await moved;
    await moveRest({ self, nats, holds, rooms, placing, log });
    await beats.leave();
    clearInterval(looking);
    life.close();
    follow.close();
    await subscription.drain();
    left.resolve();
  }

  function look(): void {
    holds.sweep();
    follow.askAll();
    for (const { conversationId, call, core } of findIdle()) {
      holds.step(conversationId, { tag: 'idle' });
      // Where the call is belongs to its core.
      if (core === undefined) void keeping.free(conversationId, call);
    }
  }

  async function answer(message: Msg): Promise<void> {
    if (message.reply === undefined) return;
    inFlight++;
    const reply = await replyTo(message.string()).catch((error: unknown) => {
      log.error({ err: error }, 'a request was not answered');
      return refused(refuse('InternalError'));
    });
    inFlight--;
    if (!nats.isClosed()) message.respond(replyText(reply, nats.info?.max_payload ?? 0));
  }

  async function replyTo(text: string): Promise<NodeReply> {
    if (inFlight > MAX_IN_FLIGHT) return refused(refuse('TooManyRequests'));
    const incoming = readRequest(text);
    if (E.isLeft(incoming)) return refused(incoming.left);
    if (incoming.right.tag === 'question') return answerQuestion(questions, incoming.right.question);
    if (!(await life.settled()) || life.state.tag === 'starting') return refused(refuse('VoiceUnavailable'));
    return answerParticipant({ self, key, holds, rooms }, incoming.right.request);
  }

  /** Whoever could not reach this node over the broker has taken it for dead. */
  async function watchLine(): Promise<void> {
    for await (const { type } of nats.status()) {
      if (type !== 'reconnect') continue;
      life.step({ tag: 'woke' });
      follow.askAll();
    }
  }

  const subscription = nats.subscribe(nodeSubject(self), {
    callback: (error, message) => {
      if (error === null) void answer(message);
    },
  });
  const looking = setInterval(look, LOOK_MS);
  void watchLine();
  void beats.beat();

  return {
    workersReady: () => life.step({ tag: 'workers' }),
    workersGone: () => life.step({ tag: 'noWorkers' }),
    get isReady() {
      return life.state.tag === 'ready';
    },
    async drain(seconds) {
      life.step({ tag: 'drain', until: steadyNow() + seconds * 1_000 });
      await left.promise;
    },
  };
}
