import type { BroadcastSource } from '@parley/domain/call/call';
import type { Log } from '@parley/infra/runtime/log';
import type { types } from 'mediasoup';
import type { RoomMedia, RoomTrack } from '../room/rooms.js';
import { VOICES } from './ffmpeg-arguments.js';
import { pickPicture, pickVoices } from './pick.js';
import { readRtp } from './rtp-packet.js';
import type { Streams } from './streams.js';

/** Brings who speaks and who is shown of one life of a room into the streams of a broadcast. */
export type Feed = {
  close(): void;
};

export type FeedOptions = {
  readonly media: RoomMedia;
  readonly source: BroadcastSource;
  readonly streams: Streams;
  readonly log: Log;
};

/** Milliseconds between two looks at who is to be heard and shown. */
const LOOK_MS = 250;

/** Milliseconds between two key frames asked of one picture that is waited for. */
const KEY_FRAME_MS = 1_000;

/** @throws when the worker is gone */
export async function openFeed({ media, source, streams, log }: FeedOptions): Promise<Feed> {
  // Its consumers are given to this process as they are: there is nothing to listen for, and no port to be found.
  const transport = await media.router.createDirectTransport();
  const rtpCapabilities = receivable(media.router.rtpCapabilities);
  /** By producer. Undefined: being made, or not to be had. */
  const consumers = new Map<string, types.Consumer | undefined>();
  let speakers: readonly number[] = [];
  let voices: readonly (string | undefined)[] = Array.from({ length: VOICES }, () => undefined);
  let shown: { readonly id: string; readonly since: number } | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;

  function look(): void {
    if (transport.closed) return;
    const now = performance.now();
    const tracks = media.tracks().filter(({ producer }) => !producer.closed && !producer.paused);
    voices = pickVoices(voices, candidates(tracks, 'audio', ['screenAudio', 'mic']), speakers);
    const pictures = candidates(tracks, 'video', [source === 'mix' ? 'camera' : 'screen']);
    const id = pickPicture(shown, pictures, speakers, now);
    if (id !== shown?.id) shown = id === undefined ? undefined : { id, since: now };
    streams.setShown(shown !== undefined);
    const wanted = new Set([...voices, id].filter((each) => each !== undefined));
    for (const each of wanted) void take(each);
    const there = new Set(tracks.map(({ producer }) => producer.id));
    for (const [producer, consumer] of consumers) {
      // Who was shown goes on until the next one begins; what is being made is closed once it is there, so that it is not made twice.
      const stays = consumer === undefined ? there.has(producer) : streams.shows(consumer.id);
      if (wanted.has(producer) || stays) continue;
      consumer?.close();
      consumers.delete(producer);
    }
    if (now - askedAt > KEY_FRAME_MS) askKeyFrame(now);
  }

  async function take(producer: string): Promise<void> {
    if (consumers.has(producer)) return;
    consumers.set(producer, undefined);
    try {
      const consumer = await transport.consume({ producerId: producer, rtpCapabilities });
      if (!consumers.has(producer)) return consumer.close();
      consumers.set(producer, consumer);
      consumer.observer.once('close', () => consumers.delete(producer));
      // Of several layers mediasoup sends the largest there is, unless it is told otherwise.
      consumer.on('rtp', (bytes) => hear(producer, consumer, bytes));
    } catch (error) {
      // Gone meanwhile, or of a codec that is not broadcast; it is not tried again.
      if (!transport.closed) log.debug({ err: error }, 'a track is not broadcast');
    }
  }

  function hear(producer: string, consumer: types.Consumer, bytes: Buffer): void {
    const packet = readRtp(bytes);
    if (packet === undefined) return;
    if (consumer.kind === 'audio') {
      const slot = voices.indexOf(producer);
      if (slot !== -1) streams.voice(slot, consumer.id, packet);
    } else if (producer === shown?.id || streams.shows(consumer.id)) streams.picture(consumer.id, packet);
  }

  /** Of who is to be shown, as long as they are not. */
  function askKeyFrame(now: number): void {
    const consumer = shown && consumers.get(shown.id);
    if (consumer === undefined || streams.shows(consumer.id)) return;
    askedAt = now;
    consumer
      .requestKeyFrame()
      .catch((error: unknown) => log.debug({ err: error }, 'a key frame was not asked for'));
  }

  const ended = [
    media.onTrack(look),
    media.onSpeakers((heard) => {
      speakers = heard;
      look();
    }),
  ];
  const timer = setInterval(look, LOOK_MS);
  look();

  return {
    close() {
      clearInterval(timer);
      for (const end of ended) end();
      transport.close();
    },
  };
}

/** Those of these sources, in their order. */
const candidates = (
  tracks: readonly RoomTrack[],
  kind: types.MediaKind,
  sources: readonly RoomTrack['source'][],
) =>
  sources.flatMap((source) =>
    tracks
      .filter((track) => track.source === source && track.producer.kind === kind)
      .map(({ producer, participant }) => ({ id: producer.id, participant })),
  );

/** Plain opus and VP8: no retransmission, and no header extension that says anything to ffmpeg. */
const receivable = ({ codecs = [] }: types.RtpCapabilities): types.RtpCapabilities => ({
  codecs: codecs
    .filter(({ mimeType }) => ['audio/opus', 'video/vp8'].includes(mimeType.toLowerCase()))
    .map((codec) => ({
      ...codec,
      rtcpFeedback: (codec.rtcpFeedback ?? []).filter(({ parameter }) => parameter === 'pli'),
    })),
  headerExtensions: [],
});
