import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import type { NodeMethod, VoiceResult } from '@parley/domain/wire/voice';
import * as E from 'fp-ts/lib/Either.js';
import type { types } from 'mediasoup';
import type { Media } from './media.js';
import type { Member } from './room-state.js';

/** On behalf of whom, in which life of a room. */
export type Asked = {
  readonly media: Media;
  readonly member: Member;
  readonly onFailed: (reason: string) => void;
};

export type Answer<M extends NodeMethod> = E.Either<Refusal, VoiceResult<M>>;

export const notFound = () => E.left(refuse('MediaNotFound'));

/** Another's, or one of a room before this one, is not found. */
export function transportOf(
  media: Media,
  member: Member,
  id: string,
  direction?: 'send' | 'recv',
): types.WebRtcTransport | undefined {
  const own = member.transports.get(id);
  if (own === undefined || (direction !== undefined && own.direction !== direction)) return undefined;
  return media.transports.get(id);
}
