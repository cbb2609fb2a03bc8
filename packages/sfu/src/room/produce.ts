import { refuse } from '@parley/domain/conversation/refusals';
import type { VoiceParams } from '@parley/domain/wire/voice';
import * as E from 'fp-ts/lib/Either.js';
import type { types } from 'mediasoup';
import { type Answer, type Asked, notFound, transportOf } from './asked.js';
import { layeringOf } from './layers.js';
import type { Media } from './media.js';
import { isSilenced, type Member, maySpeak } from './room-state.js';

/** Milliseconds between two key frames asked of one sender, whoever wants them. */
const KEY_FRAME_EVERY = 500;

/** Bits a second that may come in, by what is sent: of pictures the sum of their layers, and what is sent again. */
const MAX_BITRATE = { mic: 200_000, camera: 2_500_000, screen: 9_500_000, screenAudio: 300_000 } as const;
const SPARE_BITRATE = 300_000;

/** Bytes of a track's parameters, as JSON: whoever receives it is told nearly all of them, a thousand of them too. A browser's have 1 to 3 KiB. */
const MOST_DESCRIBED = 8 * 1024;

/** A participant sends a track; a second one of a source replaces the first. Rejects with what mediasoup says of parameters that it does not take. */
export async function produce(
  { media, member }: Asked,
  { transport, kind, source, rtpParameters, paused = false, width, height }: VoiceParams<'voice.produce'>,
): Promise<Answer<'voice.produce'>> {
  const { participant, user } = member;
  if (!maySpeak(media.state, member)) return E.left(refuse('NotAllowed'));
  if ((source === 'mic' || source === 'screenAudio') !== (kind === 'audio'))
    return E.left(refuse('MediaNotSupported', `a ${source} is not ${kind}`));
  if (rtpParameters.codecs.some(({ mimeType }) => !mimeType.startsWith(`${kind}/`)))
    return E.left(refuse('MediaNotSupported', `a codec is not ${kind}`));
  const described = Buffer.byteLength(JSON.stringify(rtpParameters));
  if (described > MOST_DESCRIBED)
    return E.left(refuse('MediaNotSupported', `${described} bytes of parameters, ${MOST_DESCRIBED} at most`));
  const over = transportOf(media, member, transport, 'send');
  if (over === undefined) return notFound();
  const older = member.tracks.get(source);
  const before = older === undefined ? undefined : media.producers.get(older);
  // Two with one stream cannot be; otherwise the older goes on until the newer is there.
  if (before !== undefined && collides(before.rtpParameters, rtpParameters))
    await media.apply({ tag: 'producerClosed', producer: before.id });
  const producer = await over.produce({
    kind,
    rtpParameters: rtpParameters as unknown as types.RtpParameters,
    paused: paused || isSilenced(media.state, { kind, user }),
    ...(kind === 'video' ? { keyFrameRequestDelay: KEY_FRAME_EVERY } : {}),
  });
  keepProducer(media, producer);
  void media.apply({
    tag: 'produced',
    participant,
    user,
    transport,
    producer: producer.id,
    source,
    kind,
    layering: layeringOf(rtpParameters.encodings, source, { width, height }),
    paused,
  });
  boundIncoming(over, member);
  return E.right({ producer: producer.id });
}

/** Keeps mediasoup's object for as long as it is open. */
export function keepProducer(media: Media, producer: types.Producer): void {
  media.producers.set(producer.id, producer);
  producer.observer.once('close', () => {
    media.producers.delete(producer.id);
    void media.apply({ tag: 'producerClosed', producer: producer.id });
  });
}

/** What the sender is told it may use at most: the sum of what its tracks may take. */
export function boundIncoming(transport: types.WebRtcTransport, { tracks }: Member): void {
  const sum = [...tracks.keys()].reduce((bits, source) => bits + MAX_BITRATE[source], SPARE_BITRATE);
  // It may have closed meanwhile.
  transport.setMaxIncomingBitrate(sum).catch(() => undefined);
}

function collides(before: types.RtpParameters, next: VoiceParams<'voice.produce'>['rtpParameters']): boolean {
  if (before.mid !== undefined && before.mid === next.mid) return true;
  const ssrcs = new Set(before.encodings?.flatMap(({ ssrc }) => ssrc ?? []));
  return next.encodings?.some(({ ssrc }) => ssrc !== undefined && ssrcs.has(ssrc)) ?? false;
}
