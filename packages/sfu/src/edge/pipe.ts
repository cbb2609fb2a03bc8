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
  /** Of what the other side sends: that which nobody wants here. */
  unwanted(): readonly string[];
  /** Sends none of these, and everything else: nobody wants them there. */
  rest(producers: readonly string[]): void;
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
  /** Which of those from there are wanted although nobody here receives them. */
  readonly needs: (track: RoomTrack) => boolean;
  /** There is something to tell the other side. */
  readonly onChange: () => void;
};

/** Milliseconds between two key frames asked for over a pipe, whoever wants them. */
const KEY_FRAME_EVERY = 500;

/** @throws when the worker is gone */
export async function openPipe({ media, listen, log, sends, needs, onChange }: PipeOptions): Promise<Pipe> {
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
  const sent = new Map<string, { readonly consumer: types.Consumer; isResting: boolean }>();
  const taken = new Map<string, types.Producer>();

  async function send({ producer: { id } }: RoomTrack): Promise<void> {
    try {
      const consumer = await transport.consume({ producerId: id });
      sent.set(id, { consumer, isResting: false });
      consumer.observer.once('close', () => sent.delete(id));
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
    size,
    entered,
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
      media.bring({ participant, user, source, producer, size, ...(entered && { entered }) });
    } catch (error) {
      if (!transport.closed) log.warn({ err: error }, 'a track of the other node is not forwarded');
    }
  }

  const end = media.onTrack((producer, change) => {
    // The other side knows what has become of its own, but for whether it is wanted.
    if (taken.has(producer) === (change === 'wanted')) onChange();
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
      const own = () => media.tracks().filter((track) => !taken.has(track.producer.id) && sends(track));
      await Promise.all(own().flatMap((track) => (sent.has(track.producer.id) ? [] : send(track))));
      return own().flatMap(({ producer: { id }, paused }) => (sent.has(id) ? { producer: id, paused } : []));
    },
    describe(producers) {
      const asked = new Set(producers);
      return media
        .tracks()
        .flatMap(({ producer: { id }, participant, user, source, entered, paused, size }) => {
          const found = asked.has(id) ? sent.get(id) : undefined;
          if (found === undefined) return [];
          const { kind, rtpParameters } = found.consumer;
          const described = { producer: id, participant, user, entered, source, kind, rtpParameters, paused };
          return size === undefined ? described : { ...described, size };
        });
    },
    unwanted: () =>
      media.tracks().flatMap((track) => {
        const { id } = track.producer;
        return taken.has(id) && !track.wanted && !needs(track) ? id : [];
      }),
    rest(producers) {
      const unwanted = new Set(producers);
      for (const [id, each] of sent) {
        const { consumer } = each;
        if (each.isResting === unwanted.has(id)) continue;
        each.isResting = unwanted.has(id);
        (each.isResting ? consumer.pause() : consumer.resume()).catch((error: unknown) => {
          // It went away meanwhile.
          if (!consumer.closed)
            log.debug({ err: error }, 'a track did not stop, or go on, to the other node');
        });
      }
    },
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
