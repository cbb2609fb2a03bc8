import type { Refusal } from '@parley/domain/conversation/refusals';
import type { VoiceMethod } from '@parley/domain/wire/voice';
import { openSharedLimit } from '@parley/infra/limits/shared-limit';
import { openPlacing } from '@parley/infra/voice/placing';
import { openRosters } from '@parley/infra/voice/roster';
import * as E from 'fp-ts/lib/Either.js';
import type { Redis } from 'ioredis';
import type { TemplatedApp } from 'uwebsockets';
import type { GatewayCore } from '../gateway.js';
import type { Hub } from '../hub/hub.js';
import type { HubEvent } from '../hub/hub-event.js';
import type { Session } from '../session/session.js';
import { answerVoice } from './answer-voice.js';
import { openBeats } from './beats.js';
import { openBeatsStore } from './beats-store.js';
import { openBroadcastFiles } from './broadcast-files.js';
import { announce, hearCall } from './hear-call.js';
import { openHeldCalls } from './held-calls.js';
import { leaveNode, nodesInUse, tellMoved } from './moves.js';
import { openProbes } from './probes.js';
import { forgetSession, hearEvent, lookAgain, takeOutLost } from './put-out.js';
import { serveBroadcasts } from './serve-broadcast.js';
import type { VoiceCore } from './voice-core.js';
import { voiceMetrics } from './voice-metrics.js';
import { openWatchers } from './watchers.js';

/** A gateway's part in calls: it lets devices into them, brings participants and nodes together, and puts out who is in no call any more. */
export type Voice = {
  answer(session: Session, method: VoiceMethod, params: unknown): Promise<E.Either<Refusal, unknown>>;
  /** An event is delivered here. */
  heard(hub: Hub, event: HubEvent): void;
  /** Events of a conversation were left out. */
  interrupted(conversationId: string): void;
  /** A connection is gone; `isRevoked`: so is its device, for good. */
  forget(session: Session, isRevoked: boolean): void;
  /** The line to the broker is whole again. */
  lineBack(): void;
  /** Serves the broadcasts of calls to those who may watch them. */
  serve(app: TemplatedApp): void;
  close(): Promise<void>;
};

/**
 * Of one viewer: who watches alone makes a node be asked some fifteen times in 10 s, for playlists and segments, and more often only while they seek or change the quality. Whoever asks for
 * what is not there is stopped here.
 */
const FETCHES = { points: 100, windowSeconds: 10 };

export type VoiceOptions = Pick<VoiceCore, 'name' | 'settings' | 'key' | 'admit'> & {
  readonly redis: Redis;
  readonly region: string;
};

export function openVoice(gateway: GatewayCore, { redis, region, ...options }: VoiceOptions): Voice {
  const { nats, log } = gateway;
  const rosters = openRosters(gateway.ask, gateway.partitions, 'gateway');
  const held = openHeldCalls(
    gateway,
    (call, message) => hearCall(core, call, message),
    ({ at }) => core.metrics.session.observe(Math.max(0, gateway.now() - at) / 1_000),
  );
  const core: VoiceCore = {
    ...options,
    gateway,
    held,
    rosters,
    placing: openPlacing({ redis, nats, region, log }),
    beats: openBeats({
      store: openBeatsStore(redis),
      here: () => held.places(),
      takeOut: (lost) => takeOutLost(core, lost),
      everybody: rosters.everybody,
      log,
    }),
    probes: openProbes({
      nats,
      isConnected: () => gateway.isConnected,
      used: () => nodesInUse(core),
      onDead: (node) => {
        log.warn({ node }, 'a node of calls is gone; they are placed anew');
        leaveNode(core, node);
      },
    }),
    watchers: openWatchers(gateway.api),
    broadcastFiles: openBroadcastFiles({ nodeOf, log }),
    fetches: openSharedLimit({ redis, name: 'fetches', ...FETCHES }),
    metrics: voiceMetrics(gateway.metrics.registry, held.counts),
  };

  /** The call stays where it is; one whose node is gone goes on elsewhere, also for those who only watch. One that has ended is placed nowhere, however long somebody watches. */
  async function nodeOf(conversationId: string, call: number): Promise<string | undefined> {
    const { placing } = core;
    const roster = await rosters.of(conversationId);
    if (E.isRight(roster) && roster.right.call?.call !== call) return undefined;
    const placed = await placing.move(conversationId, call, { except: [] });
    if (E.isLeft(placed)) return undefined;
    return placing.nodes().find(({ node }) => node === placed.right.node)?.http;
  }

  return {
    answer: (session, method, params) => answerVoice(core, session, method, params),
    heard(hub, event) {
      if (event.change !== undefined) core.watchers.changed(hub.conversationId);
      hearEvent(core, hub, event);
    },
    interrupted(conversationId) {
      const call = held.get(conversationId);
      if (call !== undefined) void lookAgain(core, call);
    },
    forget: (session, isRevoked) => forgetSession(core, session, isRevoked),
    lineBack() {
      core.probes.lineBack();
      // Who took a participant over meanwhile says so to this; and what nodes told meanwhile was not heard.
      for (const place of held.places()) announce(core, place);
      tellMoved(
        core,
        [...held.places()].filter(({ seat }) => seat !== undefined),
        'interrupted',
      );
    },
    serve: (app) => serveBroadcasts(app, core),
    async close() {
      core.probes.close();
      core.placing.close();
      core.fetches.close();
      await core.beats.close();
    },
  };
}
