import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import {
  MAX_PRODUCERS,
  MAX_TRANSPORTS,
  type NodeMethod,
  type VoiceParams,
  type VoiceResult,
} from '@parley/domain/wire/voice';
import type { Ticket } from '@parley/infra/voice/ticket';
import * as E from 'fp-ts/lib/Either.js';
import type { types } from 'mediasoup';
import { layeringOf } from './layers.js';
import type { Media } from './media.js';
import { openTransport } from './media-transport.js';
import { isSilenced, type Member, type Track } from './room-state.js';
import type { RoomLimits } from './rooms.js';

/** Milliseconds between two key frames asked of one sender, whoever wants them. */
const KEY_FRAME_EVERY = 500;

/** Bits a second that may come in, by what is sent. */
const MAX_BITRATE = { mic: 200_000, camera: 2_500_000, screen: 8_000_000, screenAudio: 300_000 } as const;
const SPARE_BITRATE = 300_000;

type Answer<M extends NodeMethod> = E.Either<Refusal, VoiceResult<M>>;
type Handlers = {
  readonly [M in Exclude<NodeMethod, 'voice.attach'>]: (
    asked: Asked,
    params: VoiceParams<M>,
  ) => Promise<Answer<M>> | Answer<M>;
};

type Asked = { readonly media: Media; readonly member: Member; readonly onFailed: (reason: string) => void };

/** A participant begins. Who was put out of the call is not let in again, whatever ticket they have. */
export function attach(
  media: Media,
  { participant, user, device, speaks, fence }: Ticket,
  limits: RoomLimits,
): Answer<'voice.attach'> {
  const { state } = media;
  const isGone =
    state.roster !== undefined &&
    participant <= state.roster.revision &&
    !state.roster.participants.has(participant);
  const isReplaced = [...state.members.values()].some(
    (other) => other.user === user && other.device === device && other.participant > participant,
  );
  if (isGone || isReplaced) return E.left(refuse('NotInCall'));
  if (state.members.size >= limits.participants && !state.members.has(participant))
    return E.left(refuse('CallFull'));
  void media.apply({ tag: 'attach', participant, user, device, speaks, fence });
  const producers = [...state.tracks.values()].filter((track) => track.participant !== participant).length;
  return E.right({ rtpCapabilities: { ...media.router.rtpCapabilities }, producers });
}

/** What a participant that has attached asks for. Never rejects. */
export async function answer<M extends keyof Handlers>(
  asked: Asked,
  method: M,
  params: VoiceParams<M>,
): Promise<E.Either<Refusal, unknown>> {
  try {
    return await handlers[method](asked, params);
  } catch (error) {
    // The room began anew meanwhile, or mediasoup does not take the parameters, and says why.
    if (asked.media.closed) return E.left(refuse('PlacementStale'));
    const said = error instanceof Error ? error.message : String(error);
    return E.left(refuse('MediaNotSupported', said.slice(0, 200)));
  }
}

const handlers: Handlers = {
  async 'voice.openTransport'({ media, member, onFailed }, { direction }) {
    if (member.transports.size >= MAX_TRANSPORTS)
      return E.left(refuse('TooMuchMedia', `${MAX_TRANSPORTS} transports`));
    const transport = await openTransport(media, member.participant, direction, onFailed);
    const { id, iceParameters, iceCandidates, dtlsParameters } = transport;
    return E.right({
      transport: id,
      iceParameters,
      iceCandidates: iceCandidates.map((candidate) => ({ ...candidate })),
      dtlsParameters: { ...dtlsParameters },
    });
  },

  async 'voice.connectTransport'({ media, member }, { transport, dtlsParameters }) {
    const found = transportOf(media, member, transport);
    if (found === undefined) return notFound();
    await found.connect({
      dtlsParameters: { ...dtlsParameters, fingerprints: [...dtlsParameters.fingerprints] },
    });
    return E.right({});
  },

  async 'voice.restartIce'({ media, member }, { transport }) {
    const found = transportOf(media, member, transport);
    return found === undefined ? notFound() : E.right({ iceParameters: await found.restartIce() });
  },

  async 'voice.produce'({ media, member }, { transport, kind, source, rtpParameters, paused = false }) {
    const { participant, user } = member;
    if (!member.speaks) return E.left(refuse('NotAllowed'));
    if ((source === 'mic' || source === 'screenAudio') !== (kind === 'audio'))
      return E.left(refuse('MediaNotSupported', `a ${source} is not ${kind}`));
    if (rtpParameters.codecs.some(({ mimeType }) => !mimeType.startsWith(`${kind}/`)))
      return E.left(refuse('MediaNotSupported', `a codec is not ${kind}`));
    const over = transportOf(media, member, transport, 'send');
    if (over === undefined) return notFound();
    const older = member.tracks.get(source);
    if (older === undefined && member.tracks.size >= MAX_PRODUCERS)
      return E.left(refuse('TooMuchMedia', `${MAX_PRODUCERS} tracks`));
    const before = older === undefined ? undefined : media.producers.get(older);
    // Two with one stream cannot be; otherwise the older goes on until the newer is there.
    if (before !== undefined && collides(before.rtpParameters, rtpParameters))
      await media.apply({ tag: 'producerClosed', producer: before.id });
    const producer = await over.produce({
      kind,
      rtpParameters: structuredClone(rtpParameters) as unknown as types.RtpParameters,
      paused: paused || isSilenced(media.state, { kind, user }),
      ...(kind === 'video' ? { keyFrameRequestDelay: KEY_FRAME_EVERY } : {}),
    });
    const layering =
      source === 'camera' || source === 'screen'
        ? layeringOf(rtpParameters.encodings ?? [], source)
        : undefined;
    keepProducer(media, producer);
    void media.apply({
      tag: 'produced',
      participant,
      user,
      transport,
      producer: producer.id,
      source,
      kind,
      layering,
      paused,
    });
    boundIncoming(over, member);
    return E.right({ producer: producer.id });
  },

  'voice.setProducer'({ media, member }, { producer, paused, closed }) {
    const track = trackOf(media, member, producer);
    if (track === undefined) return notFound();
    if (closed === true) {
      const over = track.transport === undefined ? undefined : media.transports.get(track.transport);
      void media.apply({ tag: 'producerClosed', producer });
      if (over !== undefined) boundIncoming(over, member);
      return E.right({});
    }
    if (paused === false && isSilenced(media.state, track))
      return E.left(refuse('NotAllowed', 'a moderator has muted you'));
    if (paused !== undefined) void media.apply({ tag: 'setProducer', producer, paused });
    return E.right({});
  },

  async 'voice.receive'({ media, member }, { transport, rtpCapabilities }) {
    const { participant } = member;
    if (transportOf(media, member, transport, 'recv') === undefined) return notFound();
    const offered = new Set(
      media.router.rtpCapabilities.codecs?.map(({ mimeType }) => mimeType.toLowerCase()),
    );
    if (!rtpCapabilities.codecs?.some(({ mimeType }) => offered.has(mimeType.toLowerCase())))
      return E.left(refuse('MediaNotSupported', 'none of the codecs is forwarded here'));
    media.capabilities.set(participant, rtpCapabilities);
    await media.apply({ tag: 'receive', participant, transport }, { quiet: true });
    if (media.closed) return E.left(refuse('PlacementStale'));
    if (media.state.members.get(participant)?.receiving !== transport) return notFound();
    const consumers = [...member.receptions.values()].flatMap(({ consumer }) =>
      consumer === undefined ? [] : (media.viewOf(consumer) ?? []),
    );
    return E.right({ consumers });
  },

  'voice.setConsumer'({ media, member }, { consumer, paused, width, height, priority, keyFrame }) {
    if (media.state.consumers.get(consumer)?.participant !== member.participant) return notFound();
    const size = width === undefined && height === undefined ? undefined : sizeOf(width, height);
    void media.apply({
      tag: 'setConsumer',
      consumer,
      ...(paused === undefined ? {} : { paused }),
      ...(size === undefined ? {} : { size }),
      ...(priority === undefined ? {} : { priority }),
      ...(keyFrame === undefined ? {} : { keyFrame }),
    });
    return E.right({});
  },
};

/** Keeps mediasoup's object for as long as it is open. */
export function keepProducer(media: Media, producer: types.Producer): void {
  media.producers.set(producer.id, producer);
  producer.observer.once('close', () => {
    media.producers.delete(producer.id);
    void media.apply({ tag: 'producerClosed', producer: producer.id });
  });
}

const notFound = () => E.left(refuse('MediaNotFound'));

/** Another's, or one of a room before this one, is not found. */
function transportOf(
  media: Media,
  member: Member,
  id: string,
  direction?: 'send' | 'recv',
): types.WebRtcTransport | undefined {
  const own = member.transports.get(id);
  if (own === undefined || (direction !== undefined && own.direction !== direction)) return undefined;
  return media.transports.get(id);
}

function trackOf({ state }: Media, { participant }: Member, producer: string): Track | undefined {
  const track = state.tracks.get(producer);
  return track?.participant === participant && track.transport !== undefined ? track : undefined;
}

/** One side alone says the other: most pictures are 16:9. */
const sizeOf = (width: number | undefined, height: number | undefined) => ({
  width: width ?? Math.round(((height ?? 0) * 16) / 9),
  height: height ?? Math.round(((width ?? 0) * 9) / 16),
});

function collides(before: types.RtpParameters, next: VoiceParams<'voice.produce'>['rtpParameters']): boolean {
  if (before.mid !== undefined && before.mid === next.mid) return true;
  const ssrcs = new Set(before.encodings?.flatMap(({ ssrc }) => ssrc ?? []));
  return next.encodings?.some(({ ssrc }) => ssrc !== undefined && ssrcs.has(ssrc)) ?? false;
}

/** What the sender is told it may use at most: the sum of what its tracks may take. */
function boundIncoming(transport: types.WebRtcTransport, { tracks }: Member): void {
  const sum = [...tracks.keys()].reduce((bits, source) => bits + MAX_BITRATE[source], SPARE_BITRATE);
  // It may have closed meanwhile.
  transport.setMaxIncomingBitrate(sum).catch(() => undefined);
}
