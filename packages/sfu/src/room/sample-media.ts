import type { Log } from '@parley/infra/runtime/log';
import type { types } from 'mediasoup';
import { inTurn } from './in-turn.js';
import { goodLink, isAudioOnly, type LinkState, stepLink } from './link-state.js';
import type { Media } from './media.js';
import type { MediaMetrics } from './media-metrics.js';
import type { Room } from './room.js';
import type { Member } from './room-state.js';
import { openVoiceLoss } from './voice-loss.js';

/**
 * Looks a second: at the ways that video takes, which may have to stop; at other transports; at tracks. With more of them the rounds take longer, and the
 * node no more time: a look costs a worker as much as forwarding some ten packets.
 */
const VIDEO_A_SECOND = 128;
const OTHERS_A_SECOND = 16;
const TRACKS_A_SECOND = 16;

/** Voices by which the way is judged while there is no video. */
const VOICES = 4;

export type Sampler = {
  /** Bits a second in and out, as of the last look. */
  bitrateOf(media: Media): number;
  close(): void;
};

type Place = {
  readonly media: Media;
  readonly member: Member;
  readonly transport: types.WebRtcTransport;
  /** Whether its member receives over it, and so video, or would if less were lost. */
  readonly receives: boolean;
  readonly hasVideo: boolean;
};

/** Bits a second. */
type Seen = { readonly in: number; readonly out: number };

/** Looks at mediasoup's own statistics in turn, a bounded number of them each second: for the metrics, and for who is sent voices alone. */
export function openSampler({
  rooms,
  metrics,
  now,
  log,
}: {
  readonly rooms: () => Iterable<Pick<Room, 'media'>>;
  readonly metrics: MediaMetrics;
  readonly now: () => number;
  readonly log: Log;
}): Sampler {
  const seen = new WeakMap<types.WebRtcTransport, Seen>();
  const links = new WeakMap<Member, LinkState>();
  const voices = openVoiceLoss();
  const withVideo = inTurn<Place>(VIDEO_A_SECOND);
  const others = inTurn<Place>(OTHERS_A_SECOND);
  const tracks = inTurn<types.Producer>(TRACKS_A_SECOND);
  let isLooking = false;

  async function look(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    const open = [...rooms()].flatMap(({ media }) => media ?? []);
    gauge(open);
    const all = open.flatMap(placesOf);
    const places = [
      ...withVideo.next(all.filter(({ hasVideo }) => hasVideo)),
      ...others.next(all.filter(({ hasVideo }) => !hasVideo)),
    ];
    const producers = tracks.next(open.flatMap((media) => [...media.producers.values()]));
    const looked = await Promise.allSettled([...places.map(lookAtTransport), ...producers.map(lookAtTrack)]);
    // Most likely it closed meanwhile.
    const failed = looked.find((each) => each.status === 'rejected');
    if (failed !== undefined) log.debug({ err: failed.reason }, 'statistics of media were not there');
    isLooking = false;
  }

  function gauge(open: readonly Media[]): void {
    const sum = (of: (media: Media) => number) => open.reduce((total, media) => total + of(media), 0);
    metrics.channels.set(open.length);
    metrics.users.set(sum(({ state }) => state.members.size));
    metrics.transports.set(sum(({ transports: { size } }) => size));
    metrics.producers.set(sum(({ producers }) => producers.size));
    metrics.consumers.set(sum(({ consumers }) => consumers.size));
    metrics.bitrate.set(
      { direction: 'in' },
      sum((media) => bitsOf(media).in),
    );
    metrics.bitrate.set(
      { direction: 'out' },
      sum((media) => bitsOf(media).out),
    );
  }

  async function lookAtTransport({ media, member, transport, receives, hasVideo }: Place): Promise<void> {
    const [stats] = await transport.getStats();
    if (stats === undefined) return;
    seen.set(transport, { in: stats.recvBitrate, out: stats.sendBitrate });
    if (stats.rtpPacketLossReceived !== undefined)
      metrics.loss.observe({ direction: 'in' }, stats.rtpPacketLossReceived);
    if (stats.rtpPacketLossSent !== undefined)
      metrics.loss.observe({ direction: 'out' }, stats.rtpPacketLossSent);
    if (!receives) return;
    if (!hasVideo) return void links.delete(member);
    const link = stepLink(links.get(member) ?? goodLink, await lossTo(media, member, stats), now());
    links.set(member, link);
    const on = isAudioOnly(link);
    if (on !== member.audioOnly) await media.apply({ tag: 'audioOnly', participant: member.participant, on });
  }

  /**
   * The share lost on the way to a member. Of video the transport knows at once, by what the receiver says of every packet; of voices alone nobody says that, and what
   * was lost before says nothing: theirs is what their receiver's reports have added since the last look.
   */
  async function lossTo(
    { consumers }: Media,
    member: Member,
    { rtpPacketLossSent }: types.WebRtcTransportStat,
  ): Promise<number> {
    if (!member.audioOnly) return rtpPacketLossSent ?? 0;
    const heard = [...member.receptions.values()]
      .flatMap(({ consumer }) => (consumer === undefined ? [] : (consumers.get(consumer) ?? [])))
      .filter(({ kind, paused }) => kind === 'audio' && !paused);
    return Math.max(0, ...(await Promise.all(heard.slice(0, VOICES).map(voices.lossSince))));
  }

  async function lookAtTrack(producer: types.Producer): Promise<void> {
    for (const { kind, jitter, roundTripTime } of await producer.getStats()) {
      const clock = kind === 'audio' ? 48 : 90;
      metrics.jitter.observe(jitter / clock);
      if (roundTripTime !== undefined && roundTripTime > 0) metrics.roundTrip.observe(roundTripTime);
    }
  }

  const bitsOf = ({ transports: open }: Media): { readonly in: number; readonly out: number } => {
    const bits = { in: 0, out: 0 };
    for (const transport of open.values()) {
      bits.in += seen.get(transport)?.in ?? 0;
      bits.out += seen.get(transport)?.out ?? 0;
    }
    return bits;
  };

  const looking = setInterval(() => void look(), 1_000);
  looking.unref();
  return {
    bitrateOf: (media) => bitsOf(media).in + bitsOf(media).out,
    close: () => clearInterval(looking),
  };
}

const placesOf = (media: Media): readonly Place[] =>
  [...media.state.members.values()].flatMap((member) => {
    const seesVideo = member.audioOnly || isSentVideo(media, member);
    return [...member.transports.keys()].flatMap((id) => {
      const transport = media.transports.get(id);
      const receives = member.receiving === id;
      return transport === undefined
        ? []
        : [{ media, member, transport, receives, hasVideo: receives && seesVideo }];
    });
  });

function isSentVideo({ state }: Media, { receptions }: Member): boolean {
  for (const { producer, paused } of receptions.values())
    if (!paused && state.tracks.get(producer)?.kind === 'video') return true;
  return false;
}
