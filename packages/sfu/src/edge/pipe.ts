import type { Log } from '@parley/infra/runtime/log';
import type { PipedTrack, PipeEnd, PipeOffer } from '@parley/infra/voice/questions';
import type { types } from 'mediasoup';
import type { RoomMedia, RoomTrack } from '../room/rooms.js';
import type { Listen } from '../worker/start-worker.js';

/** One end of what two nodes bring each other of a call: encrypted RTP between the two, and which tracks it is. */
export type Pipe = {
  readonly here: PipeEnd;
  connect(there: PipeEnd): Promise<void>;
  /** All that goes to the other side now, with those that are about to. */
  offers(): Promise<readonly PipeOffer[]>;
  /** What the other side needs to take these. */
  describe(producers: readonly string[]): readonly PipedTrack[];
  /** Has here what the other side sends, and nothing else of it; answers what has to be described first. */
  take(offers: readonly PipeOffer[], described: readonly PipedTrack[]): Promise<readonly string[]>;
  readonly closed: boolean;
  close(): void;
};

export type PipeOptions = {
  readonly media: RoomMedia;
  readonly listen: Listen;
  readonly log: Log;
  /** Which of the room's tracks go there: a core sends on what its edges bring it, an edge sends its own. */
  readonly sends: (track: RoomTrack) => boolean;
  /** There is something to tell the other side. */
  readonly onChange: () => void;
};

/** Milliseconds between two key frames asked for over a pipe, whoever wants them. */
const KEY_FRAME_EVERY = 500;

/** @throws when the worker is gone */
export async function openPipe({ media, listen, log, sends, onChange }: PipeOptions): Promise<Pipe> {
  const { ip, announced, portMin, portMax } = listen;
  const transport = await media.router.createPipeTransport({
    listenInfo: {
      protocol: 'udp',
      ip,
      portRange: { min: portMin, max: portMax },
      ...(announced === undefined ? {} : { announcedAddress: announced }),
    },
    enableSrtp: true,
    enableRtx: true,
  });
  const sent = new Map<string, { readonly track: RoomTrack; readonly consumer: types.Consumer }>();
  const taken = new Map<string, types.Producer>();

  async function send(track: RoomTrack): Promise<void> {
    const { id } = track.producer;
    try {
      const consumer = await transport.consume({ producerId: id });
      sent.set(id, { track, consumer });
      consumer.observer.once('close', () => {
        sent.delete(id);
        onChange();
      });
      consumer.on('producerpause', onChange).on('producerresume', onChange);
    } catch (error) {
      // It went away meanwhile.
      if (!transport.closed) log.debug({ err: error }, 'a track does not go to the other node');
    }
  }

  async function receive({
    producer: id,
    participant,
    user,
    source,
    kind,
    rtpParameters,
    paused,
  }: PipedTrack) {
    try {
      const producer = await transport.produce({
        id,
        kind,
        rtpParameters: rtpParameters as types.RtpParameters,
        paused,
        ...(kind === 'video' ? { keyFrameRequestDelay: KEY_FRAME_EVERY } : {}),
      });
      taken.set(id, producer);
      producer.observer.once('close', () => taken.delete(id));
      media.bring({ participant, user, source, producer });
    } catch (error) {
      if (!transport.closed) log.warn({ err: error }, 'a track of the other node is not forwarded');
    }
  }

  const end = media.onTrack((track) => {
    if (!taken.has(track.producer.id)) onChange();
  });

  return {
    here: {
      ip: announced ?? ip,
      port: transport.tuple.localPort,
      srtpParameters: transport.srtpParameters as NonNullable<typeof transport.srtpParameters>,
    },
    connect: ({ ip: to, port, srtpParameters }) =>
      transport.connect({ ip: to, port, srtpParameters: srtpParameters as types.SrtpParameters }),
    async offers() {
      const tracks = media.tracks().filter((track) => !taken.has(track.producer.id) && sends(track));
      await Promise.all(tracks.filter(({ producer }) => !sent.has(producer.id)).map(send));
      return [...sent].map(([producer, { consumer }]) => ({ producer, paused: consumer.producerPaused }));
    },
    describe: (producers) =>
      producers.flatMap((producer) => {
        const found = sent.get(producer);
        if (found === undefined) return [];
        const { participant, user, source } = found.track;
        const { kind, rtpParameters, producerPaused: paused } = found.consumer;
        return [{ producer, participant, user, source, kind, rtpParameters, paused }];
      }),
    async take(offers, described) {
      const there = new Set(offers.map(({ producer }) => producer));
      for (const [id, producer] of taken) if (!there.has(id)) producer.close();
      await Promise.all(
        described.filter(({ producer }) => there.has(producer) && !taken.has(producer)).map(receive),
      );
      const missing: string[] = [];
      for (const { producer, paused } of offers) {
        if (taken.has(producer)) media.setPaused(producer, paused);
        else missing.push(producer);
      }
      return missing;
    },
    get closed() {
      return transport.closed;
    },
    close() {
      end();
      transport.close();
    },
  };
}
