import type { ConsumerView, IceServer, TrackSource } from '@parley/domain/wire/voice';
import { Device } from 'mediasoup-client';
import type { Consumer, Producer, RtpCapabilities, RtpParameters, Transport } from 'mediasoup-client/types';
import { RefusalError } from '../refusal-error.js';
import { cameraLayers, degradation, scalable, screenLayer } from './encodings.js';
import { type Access, type MediaPath, type PathHost, type Received, type Size, toRtc } from './media-path.js';
import type { AskNode } from './node-line.js';

export type SfuOptions = PathHost & {
  readonly access: Access;
  readonly ask: AskNode;
};

/** Milliseconds that a transport may be without packets before its path is looked for anew, and then again until the node is given up. */
const PATIENCE_MS = 2_000;

type Sent = { readonly producer: Producer; isWanted: boolean };
type Heard = {
  readonly consumer: Consumer;
  readonly view: ConsumerView;
  isPaused: boolean;
  isAsked: boolean;
};

/** Media by way of a node. What it asks of the node it asks in order; what is refused as stale ends the path. */
export function openSfu({
  access,
  iceTransportPolicy,
  videoCodec,
  ask,
  onChange,
  onDown,
}: SfuOptions): MediaPath {
  const tracks = new Map<TrackSource, MediaStreamTrack | null>();
  const sent = new Map<TrackSource, Sent>();
  const heard = new Map<string, Heard>();
  const sizes = new Map<string, Size | null>();
  /** Those that are being taken, so that none is taken twice, and those that ended before they were. */
  const known = new Set<string>();
  let iceServers: RTCIceServer[] = toRtc(access.iceServers);
  let isMuted = false;
  let isClosed = false;
  let sending: Promise<unknown> = Promise.resolve();
  const transports: Transport[] = [];
  const timers = new Set<ReturnType<typeof setTimeout>>();

  const ready = begin();
  ready.catch(fail);

  async function begin() {
    const [device, attached] = await Promise.all([Device.factory(), ask('voice.attach', {})]);
    const [, receiving, toSend] = await Promise.all([
      device.load({ routerRtpCapabilities: attached.rtpCapabilities as RtpCapabilities }),
      ask('voice.openTransport', { direction: 'recv' }),
      ask('voice.openTransport', { direction: 'send' }),
    ]);
    if (isClosed) throw new Error('closed');
    const recv = device.createRecvTransport(of(receiving));
    const send = device.createSendTransport(of(toSend));
    for (const transport of [recv, send]) watch(transport);
    send.on('produce', ({ kind, rtpParameters, appData }, done, failed) => {
      const source = appData.source as TrackSource;
      const track = tracks.get(source);
      ask('voice.produce', {
        transport: send.id,
        kind,
        source,
        rtpParameters: plain(rtpParameters) as never,
        ...(source === 'mic' && (isMuted || track?.enabled === false) ? { paused: true } : {}),
      }).then(({ producer }) => done({ id: producer }), failed);
    });
    receive(device, recv).catch(fail);
    return { device, recv, send };
  }

  /** Everything there is to receive now: what a notice would have said that did not come is made up for. */
  async function receive(device: Device, recv: Transport): Promise<void> {
    const { consumers } = await ask('voice.receive', {
      transport: recv.id,
      rtpCapabilities: plain(device.recvRtpCapabilities) as never,
    });
    const there = new Set(consumers.map(({ consumer }) => consumer));
    for (const id of heard.keys()) if (!there.has(id)) drop(id);
    for (const view of consumers) {
      const each = heard.get(view.consumer);
      if (each !== undefined) each.isPaused = view.producerPaused;
      void take(recv, view);
    }
    onChange();
  }

  function watch(transport: Transport): void {
    transports.push(transport);
    transport.on('connect', ({ dtlsParameters }, done, failed) => {
      ask('voice.connectTransport', {
        transport: transport.id,
        dtlsParameters: plain(dtlsParameters) as never,
      }).then(done, failed);
    });
    let tries = 0;
    const mend = (): void => {
      if (isClosed || transport.closed || transport.connectionState === 'connected') return;
      if (tries++ === 2) return fail(new Error('no packets go to the node and back'));
      ask('voice.restartIce', { transport: transport.id })
        .then(({ iceParameters }) => transport.restartIce({ iceParameters }))
        .catch(fail);
      after(PATIENCE_MS * 2, mend);
    };
    transport.on('connectionstatechange', (state) => {
      onChange();
      if (state === 'connected') tries = 0;
      if (state === 'connecting') after(PATIENCE_MS * 3, mend);
      if (state === 'disconnected') after(PATIENCE_MS, mend);
      if (state === 'failed') mend();
    });
  }

  function after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, ms);
    timers.add(timer);
  }

  /** What the node refuses for good, or does not answer, is no way for media. */
  function fail(error: unknown): void {
    if (isClosed) return;
    onDown(error instanceof RefusalError ? `${error.tag}: ${error.message}` : String(error));
  }

  async function take(recv: Transport, view: ConsumerView): Promise<void> {
    if (isClosed || known.has(view.consumer)) return;
    known.add(view.consumer);
    const { consumer: id, producer: producerId, kind, participant, source } = view;
    try {
      const consumer = await recv.consume({
        id,
        producerId,
        kind,
        rtpParameters: view.rtpParameters as unknown as RtpParameters,
        // Tracks of one stream are kept in step: a voice with its face, a screen with its sound.
        streamId: `${participant}-${source === 'mic' || source === 'camera' ? 'self' : 'screen'}`,
      });
      if (isClosed || !known.has(id)) return consumer.close();
      heard.set(id, { consumer, view, isPaused: view.producerPaused, isAsked: false });
      onChange();
      await setConsumer(id);
    } catch (error) {
      // Of another placement, or gone meanwhile.
      if (!(error instanceof RefusalError)) return fail(error);
      drop(id);
    }
  }

  async function setConsumer(id: string): Promise<void> {
    const each = heard.get(id);
    if (each === undefined) return;
    const size = sizes.get(keyOf(each.view.participant, each.view.source));
    const paused = size === null;
    each.isAsked = true;
    if (paused) each.consumer.pause();
    else each.consumer.resume();
    await ask('voice.setConsumer', {
      consumer: id,
      paused,
      ...(size && each.view.kind === 'video'
        ? { width: Math.ceil(size.width), height: Math.ceil(size.height) }
        : {}),
    });
  }

  function drop(id: string): void {
    known.delete(id);
    heard.get(id)?.consumer.close();
    heard.delete(id);
    onChange();
  }

  /** One after the other: a source is sent or it is not. */
  function inTurn(act: () => Promise<unknown>): Promise<void> {
    const done = sending.then(act);
    sending = done.catch(() => undefined);
    return done.then(() => undefined);
  }

  /** How a picture is sent: in the codec that was asked for, where this browser and the node have it. */
  function inCodec(device: Device, source: TrackSource) {
    const codec = device.sendRtpCapabilities.codecs?.find(
      ({ mimeType }) => mimeType.toLowerCase() === `video/${videoCodec}`.toLowerCase(),
    );
    const isScalable = videoCodec === 'VP9' && codec !== undefined;
    return {
      ...(codec === undefined ? {} : { codec }),
      encodings: isScalable ? scalable(source) : source === 'camera' ? cameraLayers() : screenLayer(),
    };
  }

  async function put(source: TrackSource): Promise<void> {
    const { send, device } = await ready;
    const track = tracks.get(source) ?? null;
    const now = sent.get(source);
    if (isClosed || now?.producer.track === track) return;
    if (track === null) {
      if (now === undefined) return;
      sent.delete(source);
      now.producer.close();
      await ask('voice.setProducer', { producer: now.producer.id, closed: true }).catch(() => undefined);
      return;
    }
    if (now !== undefined) return now.producer.replaceTrack({ track });
    if (!device.canProduce(track.kind as 'audio' | 'video')) return;
    const isVideo = track.kind === 'video';
    const producer = await send.produce({
      track,
      stopTracks: false,
      disableTrackOnPause: false,
      appData: { source },
      ...(isVideo
        ? {
            ...inCodec(device, source),
            codecOptions: { videoGoogleStartBitrate: 1_000 },
          }
        : { codecOptions: { opusDtx: true, opusFec: true, opusStereo: false } }),
    });
    sent.set(source, { producer, isWanted: true });
    if (isVideo) await favour(producer, track);
  }

  function pauseMic(): void {
    void inTurn(async () => {
      const producer = sent.get('mic')?.producer;
      if (producer === undefined || producer.paused === isMuted) return;
      if (isMuted) producer.pause();
      else producer.resume();
      await ask('voice.setProducer', { producer: producer.id, paused: isMuted });
    }).catch(() => undefined);
  }

  return {
    send(source, track) {
      tracks.set(source, track);
      return inTurn(() => put(source)).catch((error) => {
        if (!isClosed) fail(error);
      });
    },
    mute(muted) {
      isMuted = muted;
      pauseMic();
    },
    sync: () => undefined,
    renew(next) {
      iceServers = toRtc(next.iceServers as readonly IceServer[]);
      for (const each of transports)
        if (!each.closed) void each.updateIceServers({ iceServers }).catch(() => undefined);
      // What was said while the line was cut is lost.
      void ready.then(({ device, recv }) => receive(device, recv)).catch(() => undefined);
    },
    signal: () => undefined,
    notice(notice) {
      switch (notice.name) {
        case 'voice.consumer':
          return void ready.then(({ recv }) => take(recv, notice.value.consumer)).catch(() => undefined);
        case 'voice.consumerClosed':
          return drop(notice.value.consumer);
        case 'voice.consumerPaused': {
          const each = heard.get(notice.value.consumer);
          if (each === undefined) return;
          each.isPaused = notice.value.paused;
          return onChange();
        }
        case 'voice.wanted':
          for (const each of sent.values())
            if (each.producer.id === notice.value.producer && each.producer.kind === 'video') {
              each.isWanted = notice.value.wanted;
              void each.producer
                .setRtpEncodingParameters({ active: each.isWanted } as never)
                .catch(() => undefined);
            }
          return;
        default:
          return;
      }
    },
    received: () =>
      [...heard.values()].flatMap(({ consumer, view, isPaused }): Received[] =>
        consumer.rtpReceiver === undefined
          ? []
          : [
              {
                participant: view.participant,
                source: view.source,
                receiver: consumer.rtpReceiver,
                track: consumer.track,
                isPaused: isPaused || consumer.paused,
              },
            ],
      ),
    shown(participant, source, size) {
      const key = keyOf(participant, source);
      const before = sizes.get(key);
      if (before !== undefined && isSame(before, size)) return;
      sizes.set(key, size);
      for (const [id, { view, isAsked }] of heard)
        if (isAsked && keyOf(view.participant, view.source) === key)
          void setConsumer(id).catch((error) => error instanceof RefusalError && drop(id));
    },
    get isFlowing() {
      return (
        transports.length > 0 &&
        transports.every(({ connectionState: state }) => state === 'new' || state === 'connected')
      );
    },
    get isWhole() {
      const sends = [...tracks].filter(([, track]) => track !== null);
      return this.isFlowing && sends.every(([source]) => sent.has(source));
    },
    get connections() {
      return transports.flatMap((each) => connectionOf(each) ?? []);
    },
    close() {
      isClosed = true;
      for (const timer of timers) clearTimeout(timer);
      for (const each of transports) each.close();
      heard.clear();
      sent.clear();
    },
  };

  function of(opened: {
    readonly transport: string;
    readonly iceParameters: unknown;
    readonly iceCandidates: unknown;
    readonly dtlsParameters: unknown;
  }) {
    return {
      id: opened.transport,
      iceParameters: opened.iceParameters as never,
      iceCandidates: opened.iceCandidates as never,
      dtlsParameters: opened.dtlsParameters as never,
      iceServers,
      iceTransportPolicy,
    };
  }
}

const keyOf = (participant: number, source: TrackSource): string => `${participant} ${source}`;

const isSame = (one: Size | null, other: Size | null): boolean =>
  one === other ||
  (one !== null && other !== null && one.width === other.width && one.height === other.height);

/** As it goes over the wire: what is undefined is not there. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

async function favour({ rtpSender }: Producer, track: MediaStreamTrack): Promise<void> {
  if (rtpSender === undefined) return;
  const parameters = rtpSender.getParameters();
  parameters.degradationPreference = degradation(track);
  await rtpSender.setParameters(parameters).catch(() => undefined);
}

/** For statistics alone: mediasoup-client shows those of a transport, but not of which candidates its pair is. */
const connectionOf = ({ handler }: Transport): RTCPeerConnection | undefined =>
  (handler as unknown as { readonly _pc?: RTCPeerConnection })._pc;
