import type { RtpCapabilities } from '@parley/domain/wire/rtp';
import type { ConsumerView } from '@parley/domain/wire/voice';
import { openLimiter } from '@parley/infra/runtime/limiter';
import type { Log } from '@parley/infra/runtime/log';
import type { types } from 'mediasoup';
import { mediaCodecs } from './media-codecs.js';
import type { MediaMetrics } from './media-metrics.js';
import {
  emptyRoom,
  isPaused,
  type RoomEffect,
  type RoomInput,
  type RoomState,
  type TrackChange,
} from './room-state.js';
import type { RoomLimits } from './rooms.js';
import { stepRoom } from './step-room.js';
import { watchSpeakers } from './watch-speakers.js';

/** Consumers that one room has made at once: a thousand receivers of a new track do not hold up everybody else's requests. */
const MADE_AT_ONCE = 32;

/** One life of a room: its router on one worker, what the machine knows, and mediasoup's objects by their ids. */
export type Media = {
  readonly state: RoomState;
  readonly worker: types.Worker;
  readonly webRtcServer: types.WebRtcServer;
  readonly router: types.Router;
  readonly transports: Map<string, types.WebRtcTransport>;
  readonly producers: Map<string, types.Producer>;
  readonly consumers: Map<string, types.Consumer>;
  /** What each participant can receive. */
  readonly capabilities: Map<number, RtpCapabilities>;
  readonly closed: boolean;
  /** Moves the machine and does what follows; resolves when the consumers that it asked for are there. Never rejects. */
  apply(input: RoomInput, options?: { readonly quiet: boolean }): Promise<void>;
  viewOf(consumer: string): ConsumerView | undefined;
  close(): void;
};

export type MediaOptions = {
  readonly worker: types.Worker;
  readonly webRtcServer: types.WebRtcServer;
  readonly limits: RoomLimits;
  readonly metrics: MediaMetrics;
  readonly log: Log;
  readonly now: () => number;
  readonly tell: (effect: Extract<RoomEffect, { readonly tag: 'tell' }>) => void;
  readonly onTrack: (producer: string, change: TrackChange) => void;
  readonly onSpeakers: (
    speakers: readonly { readonly participant: number; readonly level: number }[],
  ) => void;
};

/** @throws when the worker is gone */
export async function openMedia(options: MediaOptions): Promise<Media> {
  const { worker, webRtcServer, limits, metrics, log, now, tell, onTrack } = options;
  const state = emptyRoom();
  const router = await worker.createRouter({ mediaCodecs });
  const transports = new Map<string, types.WebRtcTransport>();
  const producers = new Map<string, types.Producer>();
  const consumers = new Map<string, types.Consumer>();
  const capabilities = new Map<number, RtpCapabilities>();
  const making = openLimiter(MADE_AT_ONCE);
  const speakers = await watchSpeakers(router, {
    participantOf: (producer) => state.tracks.get(producer)?.participant,
    onSpeakers: options.onSpeakers,
    log,
  });

  function apply(input: RoomInput, { quiet } = { quiet: false }): Promise<void> {
    if (router.closed) return Promise.resolve();
    const effects = stepRoom({ state, now: now(), limits }, input);
    const made: Promise<void>[] = [];
    for (const effect of effects) {
      if (effect.tag === 'consume') made.push(making.run(() => consume(effect, quiet)));
      else perform(effect);
    }
    return made.length === 0 ? Promise.resolve() : Promise.all(made).then(() => undefined);
  }

  function perform(effect: Exclude<RoomEffect, { readonly tag: 'consume' }>): void {
    switch (effect.tag) {
      case 'closeTransport':
        return transports.get(effect.transport)?.close();
      case 'closeProducer':
        return producers.get(effect.producer)?.close();
      case 'closeConsumer':
        return consumers.get(effect.consumer)?.close();
      case 'pauseProducer': {
        const producer = producers.get(effect.producer);
        return done(effect.paused ? producer?.pause() : producer?.resume());
      }
      case 'pauseConsumer': {
        const consumer = consumers.get(effect.consumer);
        return done(effect.paused ? consumer?.pause() : consumer?.resume());
      }
      case 'setLayers':
        return done(consumers.get(effect.consumer)?.setPreferredLayers(effect.layers));
      case 'setPriority':
        return done(consumers.get(effect.consumer)?.setPriority(effect.priority));
      case 'keyFrame':
        return done(consumers.get(effect.consumer)?.requestKeyFrame());
      case 'track': {
        const producer = producers.get(effect.producer);
        if (effect.change === 'there' && producer?.kind === 'audio') speakers.add(producer);
        return onTrack(effect.producer, effect.change);
      }
      case 'left':
        capabilities.delete(effect.participant);
        return countSession(effect);
      case 'tell':
        return tell(effect);
      default:
        return effect satisfies never;
    }
  }

  async function consume(effect: Extract<RoomEffect, { readonly tag: 'consume' }>, quiet: boolean) {
    const { participant, transport, producer, paused } = effect;
    const rtpCapabilities = capabilities.get(participant);
    const isNeeded = state.tracks.has(producer) && state.members.get(participant)?.receiving === transport;
    if (!isNeeded || rtpCapabilities === undefined) return;
    try {
      const consumer = await transports.get(transport)?.consume({
        producerId: producer,
        rtpCapabilities: rtpCapabilities as types.RtpCapabilities,
        paused,
      });
      if (consumer === undefined) return;
      consumers.set(consumer.id, consumer);
      consumer.observer.once('close', () => consumers.delete(consumer.id));
      await apply({
        tag: 'made',
        participant,
        transport,
        producer,
        consumer: consumer.id,
        view: quiet ? undefined : viewOf(consumer.id, producer),
      });
    } catch (error) {
      // It went away meanwhile, or this participant has no codec for it.
      if (!router.closed) log.debug({ err: error, participant }, 'a track is not received');
      metrics.errors.inc({ reason: 'consume' });
      await apply({ tag: 'unmade', participant, transport, producer });
    }
  }

  function viewOf(id: string, of = state.consumers.get(id)?.producer): ConsumerView | undefined {
    const consumer = consumers.get(id);
    const track = of === undefined ? undefined : state.tracks.get(of);
    if (consumer === undefined || track === undefined) return undefined;
    return {
      consumer: id,
      producer: track.producer,
      participant: track.participant,
      kind: track.kind,
      source: track.source,
      rtpParameters: consumer.rtpParameters,
      producerPaused: isPaused(state, track),
    };
  }

  /** What is asked of something that closes meanwhile fails, and has then been done. */
  const done = (asked: Promise<unknown> | undefined): void => {
    asked?.catch((error: unknown) => log.debug({ err: error }, 'a worker did not do what it was asked'));
  };

  const countSession = ({ since }: { readonly since: number }): void =>
    metrics.session.observe((now() - since) / 1_000);

  router.observer.once('close', () => [...state.members.values()].forEach(countSession));
  router.observer.on('newtransport', (transport) => {
    if (transport.type !== 'webrtc') watchElsewhere(transport, apply);
  });

  return {
    state,
    worker,
    webRtcServer,
    router,
    transports,
    producers,
    consumers,
    capabilities,
    get closed() {
      return router.closed;
    },
    apply,
    viewOf: (id) => viewOf(id),
    close: () => router.close(),
  };
}

/** A transport that takes tracks elsewhere, to another node or a broadcast: what it consumes is wanted. */
function watchElsewhere(transport: types.Transport, apply: Media['apply']): void {
  transport.observer.on('newconsumer', (consumer) => {
    const { producerId: producer } = consumer;
    let wants = false;
    const look = (): void => {
      const now = !consumer.closed && !consumer.paused;
      if (now === wants) return;
      wants = now;
      void apply({ tag: 'elsewhere', producer, wants });
    };
    look();
    consumer.observer.on('pause', look).on('resume', look).on('close', look);
    // While its producer is paused the observer does not say that it is itself.
    consumer.on('producerresume', look);
  });
}
