import type { TrackSource, VoiceParams } from '@parley/domain/wire/voice';
import type { Device } from 'mediasoup-client';
import type { Producer, Transport } from 'mediasoup-client/types';
import { RefusalError } from '../refusal-error.js';
import type { VideoCodec } from './call-types.js';
import {
  cameraLayers,
  degradation,
  firstKbits,
  type PictureSize,
  scalable,
  screenLayers,
} from './encodings.js';
import { type AskNode, isCut } from './node-line.js';
import { plain } from './node-transport.js';
import { createWishes } from './wishes.js';

/** What goes to a node: a producer for each track of mine. */
export type Sending = {
  /** Resolves when it is sent, or is not to be. */
  send(source: TrackSource, track: MediaStreamTrack | null): Promise<void>;
  mute(isMuted: boolean): void;
  /** After a reconnect: what could not be offered is offered. */
  renew(): void;
  /** Whether anybody receives it: pictures that nobody sees are not encoded. */
  wanted(producer: string, isWanted: boolean): void;
  /** Whether everything that is to be sent is. */
  readonly isWhole: boolean;
  close(): void;
};

export type SendingOptions = {
  readonly ready: Promise<{ readonly device: Device; readonly send: Transport }>;
  readonly ask: AskNode;
  readonly videoCodec: VideoCodec;
  readonly onLost: (error: unknown) => void;
};

/** What a node is told of a producer. */
type Told = Pick<VoiceParams<'voice.setProducer'>, 'paused' | 'closed'>;

export function createSending({ ready, ask, videoCodec, onLost }: SendingOptions): Sending {
  const tracks = new Map<TrackSource, MediaStreamTrack | null>();
  const producers = new Map<TrackSource, Producer>();
  /** What this participant may not send. */
  const refused = new Set<TrackSource>();
  /** What could not be offered, because the line was cut: media goes on meanwhile. */
  const due = new Set<TrackSource>();
  let isMuted = false;
  let isClosed = false;
  /** The node was told how to connect: what fails before that leaves a transport of no use. */
  let isConnected = false;
  let last: Promise<void> = Promise.resolve();
  /** Of each producer whether it is paused, and that it has ended. That a moderator lets me speak the node may learn later than I. */
  const tells = createWishes<Told>({
    async ask(producer, said) {
      await ask('voice.setProducer', { producer, ...said });
      if (said.closed === true) tells.end(producer);
    },
    isSame: (one, other) => one.paused === other.paused && one.closed === other.closed,
    passes: (refusal) => refusal.tag === 'NotAllowed' || isCut(refusal),
    onRefused: () => undefined,
  });

  ready.then(
    ({ send }) =>
      send.on('produce', ({ kind, rtpParameters, appData }, done, failed) => {
        isConnected = true;
        const { source, ...size } = appData as PictureSize & { readonly source: TrackSource };
        const isPaused = source === 'mic' && isMuted;
        ask('voice.produce', {
          transport: send.id,
          kind,
          source,
          rtpParameters: plain(rtpParameters) as never,
          ...size,
          ...(isPaused ? { paused: true } : {}),
        }).then(({ producer }) => {
          tells.begin(producer, { paused: isPaused });
          done({ id: producer });
        }, failed);
      }),
    () => undefined,
  );

  /** One after the other: a source is sent or it is not. Whoever may not speak, in a channel, listens: that is no fault of the way. */
  function offer(source: TrackSource): Promise<void> {
    last = last
      .then(() => put(source))
      .catch((error) => {
        if (error instanceof RefusalError && error.tag === 'NotAllowed') refused.add(source);
        else if (isCut(error) && isConnected) due.add(source);
        else onLost(error);
      });
    return last;
  }

  async function put(source: TrackSource): Promise<void> {
    const { send, device } = await ready;
    const track = tracks.get(source) ?? null;
    const now = producers.get(source);
    if (isClosed || now?.track === track) return;
    if (track === null) return now && end(source, now);
    const size = sizeOf(track);
    if (now !== undefined) {
      if (isSame(now.appData as PictureSize, size)) return now.replaceTrack({ track });
      // It has other layers: the node takes the next one in its place.
      producers.delete(source);
      now.close();
      tells.end(now.id);
    }
    if (!device.canProduce(track.kind as 'audio' | 'video')) return;
    const producer = await send.produce({
      track,
      stopTracks: false,
      disableTrackOnPause: false,
      appData: { source, ...size },
      ...(track.kind === 'video'
        ? {
            ...inCodec(device, source, videoCodec, size),
            codecOptions: { videoGoogleStartBitrate: firstKbits(source) },
          }
        : { codecOptions: { opusDtx: true, opusFec: true, opusStereo: false } }),
    });
    producers.set(source, producer);
    refused.delete(source);
    if (source === 'mic') pauseMic();
    if (track.kind === 'video') await favour(producer, track);
  }

  function end(source: TrackSource, producer: Producer): void {
    producers.delete(source);
    producer.close();
    tells.wish(producer.id, { closed: true });
  }

  function pauseMic(): void {
    const producer = producers.get('mic');
    if (producer === undefined) return;
    if (isMuted) producer.pause();
    else producer.resume();
    tells.wish(producer.id, { paused: isMuted });
  }

  return {
    send(source, track) {
      tracks.set(source, track);
      return offer(source);
    },
    mute(muted) {
      isMuted = muted;
      // They may speak by now.
      if (!muted && refused.has('mic')) void offer('mic');
      pauseMic();
    },
    renew() {
      for (const source of due) void offer(source);
      due.clear();
    },
    wanted(id, isWanted) {
      for (const producer of producers.values())
        if (producer.id === id && producer.kind === 'video')
          void producer.setRtpEncodingParameters({ active: isWanted } as never).catch(() => undefined);
    },
    get isWhole() {
      return [...tracks].every(
        ([source, track]) => track === null || producers.has(source) || refused.has(source),
      );
    },
    close() {
      isClosed = true;
      tells.close();
      producers.clear();
    },
  };
}

/** How a picture is sent: in the codec that was asked for, where this browser and the node have it. */
function inCodec(device: Device, source: TrackSource, wanted: VideoCodec, size: PictureSize) {
  const codec = device.sendRtpCapabilities.codecs?.find(
    ({ mimeType }) => mimeType.toLowerCase() === `video/${wanted}`.toLowerCase(),
  );
  const isScalable = wanted === 'VP9' && codec !== undefined;
  return {
    ...(codec === undefined ? {} : { codec }),
    encodings: isScalable ? scalable(source) : source === 'camera' ? cameraLayers(size) : screenLayers(size),
  };
}

/** Of a picture; a voice has none. */
function sizeOf(track: MediaStreamTrack): PictureSize {
  const { width, height } = track.getSettings();
  return width && height && track.kind === 'video' ? { width, height } : {};
}

const isSame = (one: PictureSize, other: PictureSize): boolean =>
  one.width === other.width && one.height === other.height;

async function favour({ rtpSender }: Producer, track: MediaStreamTrack): Promise<void> {
  if (rtpSender === undefined) return;
  const parameters = rtpSender.getParameters();
  parameters.degradationPreference = degradation(track);
  await rtpSender.setParameters(parameters).catch(() => undefined);
}
