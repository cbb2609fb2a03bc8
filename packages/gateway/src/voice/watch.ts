import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import type { VoiceParams, VoiceResult } from '@parley/domain/wire/voice';
import { signWatch, WATCH_SECONDS } from '@parley/infra/voice/watch-token';
import * as E from 'fp-ts/lib/Either.js';
import type { Session } from '../session/session.js';
import type { VoiceCore } from './voice-core.js';

/** Where a broadcast is to be had at a gateway; what follows is a token and the name of a file. */
export const BROADCAST_PREFIX = '/v1/hls/';

/** `voice.watch`: an address of the call's broadcast that is good for this member alone, once there is something to see. */
export async function watch(
  core: VoiceCore,
  session: Session,
  { conversationId, call }: VoiceParams<'voice.watch'>,
): Promise<E.Either<Refusal, VoiceResult<'voice.watch'>>> {
  const { person } = session;
  if (person === undefined) return E.left(refuse('NotAuthenticated'));
  if (core.key === undefined)
    return E.left(refuse('VoiceUnavailable', 'PARLEY_VOICE_SECRET is not set here'));
  const { user } = person;
  const member = await core.watchers.check(conversationId, user);
  if (E.isLeft(member)) return member;
  const roster = await core.rosters.of(conversationId);
  if (E.isLeft(roster)) return roster;
  if (roster.right.call?.call !== call) return E.left(refuse('CallNotFound'));
  if (roster.right.call.broadcast === null)
    return E.left(refuse('VoiceUnavailable', 'the call is not broadcast'));
  const now = Date.now();
  const token = await signWatch(core.key, { conversationId, call, user }, now);
  const found = await core.broadcastFiles.get({ conversationId, call, name: 'index.m3u8' }, token);
  if (typeof found === 'string') return E.left(refuse('VoiceUnavailable', found));
  return E.right({
    url: `${BROADCAST_PREFIX}${token}/index.m3u8`,
    expiresAt: now + WATCH_SECONDS * 1_000,
  });
}
