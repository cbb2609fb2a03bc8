import { createLog } from '@parley/infra/runtime/log';
import { type Media, openMedia } from '@parley/sfu/room/media';
import { mediaMetrics } from '@parley/sfu/room/media-metrics';
import { keepProducer } from '@parley/sfu/room/produce';
import { ROOM_LIMITS } from '@parley/sfu/room/rooms';
import { openSampler } from '@parley/sfu/room/sample-media';
import { findMediasoupWorker } from '@parley/sfu/worker/find-worker';
import { openWorkerPool, type WorkerPool } from '@parley/sfu/worker/pool';
import type { types } from 'mediasoup';
import { Registry } from 'prom-client';
import { openListener, openSource, openSpeaker, opusOf, type RtpSpeaker } from './plain-rtp.js';

const log = createLog('bench-voice', 'error');

export async function openPool(workers: number): Promise<WorkerPool> {
  const { workerBin } = await findMediasoupWorker();
  const listen = { ip: '127.0.0.1', portMin: 45_000, portMax: 45_999 };
  return openWorkerPool({ workerBin, count: workers, listen, log, onDied: () => undefined });
}

export type PlainRoom = {
  readonly worker: types.Worker;
  /** Somebody who can speak, by RTP that is not encrypted. */
  speaker(): Promise<RtpSpeaker>;
  /** Somebody who hears everybody, over such RTP to `port`. */
  listen(port: number): Promise<void>;
  close(): void;
};

/** Our room: its machine, its consumers, who speaks and its statistics, over transports that are not encrypted. */
export async function openOurRoom({
  worker,
  webRtcServer,
}: ReturnType<WorkerPool['pick']> & {}): Promise<PlainRoom> {
  const metrics = mediaMetrics(new Registry());
  const media = await openMedia({
    worker,
    webRtcServer,
    limits: ROOM_LIMITS,
    metrics,
    log,
    now: Date.now,
    tell: () => undefined,
    onTrack: () => undefined,
    onSpeakers: () => undefined,
  });
  const sampler = openSampler({ rooms: () => [{ media }], metrics, now: Date.now, log });
  let next = 1;

  async function attach(direction: 'send' | 'recv', transport: types.PlainTransport) {
    const participant = next++;
    const user = `user${participant}`;
    await media.apply({
      tag: 'attach',
      participant,
      user,
      device: 'bench',
      speaks: true,
      entered: { fence: 1, at: 0 },
    });
    media.transports.set(transport.id, transport as never);
    await media.apply({ tag: 'opened', participant, transport: transport.id, direction });
    await media.apply({ tag: 'link', participant, transport: transport.id, up: true });
    return { participant, user };
  }

  return {
    worker,
    async speaker() {
      const source = await openSource(media.router);
      const who = await attach('send', source);
      return openSpeaker(source.tuple.localPort, await produce(media, source, who));
    },
    async listen(port) {
      const transport = await openListener(media.router, port);
      const { participant } = await attach('recv', transport);
      media.capabilities.set(participant, media.router.rtpCapabilities as never);
      await media.apply({ tag: 'receive', participant, transport: transport.id });
    },
    close() {
      sampler.close();
      media.close();
    },
  };
}

async function produce(
  media: Media,
  source: types.PlainTransport,
  who: { readonly participant: number; readonly user: string },
): Promise<number> {
  const ssrc = 1_000 + who.participant;
  const producer = await source.produce({ kind: 'audio', rtpParameters: opusOf(ssrc) });
  keepProducer(media, producer);
  const track = { source: 'mic', kind: 'audio', layering: undefined, paused: false } as const;
  const transport = source.id;
  await media.apply({ tag: 'produced', ...who, transport, producer: producer.id, ...track });
  return ssrc;
}

/** What a script does that forwards and nothing else. */
export async function openBareRoom({ worker }: { readonly worker: types.Worker }): Promise<PlainRoom> {
  const router = await worker.createRouter({
    mediaCodecs: [
      {
        kind: 'audio',
        mimeType: 'audio/opus',
        clockRate: 48_000,
        channels: 2,
        parameters: { usedtx: 1, useinbandfec: 1 },
      },
    ],
  });
  const producers: types.Producer[] = [];
  return {
    worker,
    async speaker() {
      const source = await openSource(router);
      const ssrc = 1_000 + producers.length;
      producers.push(await source.produce({ kind: 'audio', rtpParameters: opusOf(ssrc) }));
      return openSpeaker(source.tuple.localPort, ssrc);
    },
    async listen(port) {
      const transport = await openListener(router, port);
      const { rtpCapabilities } = router;
      for (const { id: producerId } of producers) await transport.consume({ producerId, rtpCapabilities });
    },
    close: () => router.close(),
  };
}
