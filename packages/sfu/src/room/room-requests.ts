import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { MAX_TRANSPORTS, type NodeMethod, type VoiceParams } from '@parley/domain/wire/voice';
import type { Ticket } from '@parley/infra/voice/ticket';
import * as E from 'fp-ts/lib/Either.js';
import { type Answer, type Asked, notFound, transportOf } from './asked.js';
import type { Media } from './media.js';
import { offeredBy } from './media-codecs.js';
import { openTransport } from './media-transport.js';
import { boundIncoming, produce } from './produce.js';
import { isGone, isMuted, type Member, type Track } from './room-state.js';
import type { RoomLimits } from './rooms.js';

type Handlers = {
  readonly [M in Exclude<NodeMethod, 'voice.attach'>]: (
    asked: Asked,
    params: VoiceParams<M>,
  ) => Promise<Answer<M>> | Answer<M>;
};

/** A participant begins. Who was put out of the call is not let in again, whatever ticket they have. */
export function attach(
  media: Media,
  { participant, user, device, speaks, fence }: Ticket,
  limits: RoomLimits,
): Answer<'voice.attach'> {
  const { state } = media;
  const isReplaced = [...state.members.values()].some(
    (other) => other.user === user && other.device === device && other.participant > participant,
  );
  if (isGone(state, participant) || isReplaced) return E.left(refuse('NotInCall'));
  if (state.members.size >= limits.participants && !state.members.has(participant))
    return E.left(refuse('CallFull'));
  const entered = { fence, at: Date.now() };
  void media.apply({ tag: 'attach', participant, user, device, speaks, entered });
  const producers = [...state.tracks.values()].filter((track) => track.participant !== participant).length;
  return E.right({ rtpCapabilities: { ...offeredBy(media.router) }, producers });
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
    const { media, member } = asked;
    // The room began anew meanwhile, or this participant was put out of it; else mediasoup does not take the parameters, and says why.
    const isOver = media.closed || media.state.members.get(member.participant) !== member;
    if (isOver) return E.left(refuse('PlacementStale'));
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

  'voice.produce': produce,

  'voice.setProducer'({ media, member }, { producer, paused, closed }) {
    const track = trackOf(media, member, producer);
    if (track === undefined) return notFound();
    if (closed === true) {
      const over = track.transport === undefined ? undefined : media.transports.get(track.transport);
      void media.apply({ tag: 'producerClosed', producer });
      if (over !== undefined) boundIncoming(over, member);
      return E.right({});
    }
    if (paused === false && isMuted(media.state, track))
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

function trackOf({ state }: Media, { participant }: Member, producer: string): Track | undefined {
  const track = state.tracks.get(producer);
  return track?.participant === participant && track.transport !== undefined ? track : undefined;
}

/** One side alone says the other: most pictures are 16:9. */
const sizeOf = (width: number | undefined, height: number | undefined) => ({
  width: width ?? Math.round(((height ?? 0) * 16) / 9),
  height: height ?? Math.round(((width ?? 0) * 9) / 16),
});
