import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { decodeWith } from '@parley/domain/text';
import {
  type NodeMethod,
  nodeMethods,
  type VoiceMethod,
  type VoiceParams,
  voiceMethods,
} from '@parley/domain/wire/voice';
import * as E from 'fp-ts/lib/Either.js';
import type * as t from 'io-ts';
import type { Session } from '../session/session.js';
import { publish } from './call-notices.js';
import { enter } from './enter.js';
import { forward } from './forward.js';
import { stateNotice } from './hear-call.js';
import type { Place } from './held-calls.js';
import { iceServersFor } from './ice-servers.js';
import { noteReport } from './report.js';
import { filterSignal } from './signal-filter.js';
import type { VoiceCore } from './voice-core.js';
import { watch } from './watch.js';

type Answer = E.Either<Refusal, unknown>;

/** Answers any voice method: decodes its parameters, once, and does it. */
export async function answerVoice(
  core: VoiceCore,
  session: Session,
  method: VoiceMethod,
  params: unknown,
): Promise<Answer> {
  const answer = await decodeAndDo(core, session, method, params);
  if (E.isLeft(answer)) core.metrics.errors.inc({ reason: answer.left.tag });
  return answer;
}

async function decodeAndDo(
  core: VoiceCore,
  session: Session,
  method: VoiceMethod,
  params: unknown,
): Promise<Answer> {
  if (isNodeMethod(method))
    return decoded(method, params, (wanted) =>
      inCall(session, wanted, (place) => forward(core, place, method, wanted)),
    );
  switch (method) {
    case 'voice.enter':
      return decoded(method, params, (wanted) => enter(core, session, wanted));
    case 'voice.iceServers':
      return decoded(method, params, () => {
        const user = session.caller?.user;
        if (user === undefined) return E.left(refuse('NotAuthenticated'));
        return E.right(iceServersFor(core.settings, user, Date.now()));
      });
    case 'voice.signal':
      return decoded(method, params, (wanted) =>
        inCall(session, wanted, (place) => signal(core, place, wanted)),
      );
    case 'voice.state':
      return decoded(method, params, (wanted) =>
        inCall(session, wanted, (place) => state(core, place, wanted)),
      );
    case 'voice.report':
      return decoded(method, params, (wanted) =>
        inCall(session, wanted, () => {
          noteReport(core.metrics, wanted);
          return E.right({});
        }),
      );
    case 'voice.watch':
      return decoded(method, params, (wanted) => watch(core, session, wanted));
    default:
      return method satisfies never;
  }
}

/** To whoever has that participant; where nobody does any more it is said to nobody. */
function signal(core: VoiceCore, place: Place, { to, signal: said }: VoiceParams<'voice.signal'>): Answer {
  const filtered = filterSignal(said, core.settings.PARLEY_VOICE_CANDIDATES);
  if (E.isLeft(filtered)) return filtered;
  core.metrics.signals.inc();
  const { conversationId, call, participant } = place;
  if (filtered.right !== undefined) {
    const value = { conversationId, call, from: participant, signal: filtered.right };
    publish(core, conversationId, { to, name: 'voice.signal', value });
  }
  return E.right({});
}

/** Told to everybody else, and later to who enters; what is said once more is told to nobody. */
function state(core: VoiceCore, place: Place, { state: said }: VoiceParams<'voice.state'>): Answer {
  const isNews = JSON.stringify(place.state) !== JSON.stringify(said);
  place.state = said;
  if (!isNews) return E.right({});
  core.metrics.signals.inc();
  publish(core, place.conversationId, stateNotice(place, said, 'all'));
  return E.right({});
}

async function decoded<M extends VoiceMethod>(
  method: M,
  params: unknown,
  act: (params: VoiceParams<M>) => Answer | Promise<Answer>,
): Promise<Answer> {
  const codec = voiceMethods[method].params as unknown as t.Type<VoiceParams<M>, unknown, unknown>;
  const wanted = decodeWith(codec, params);
  return E.isLeft(wanted) ? E.left(refuse('InvalidParams', wanted.left)) : act(wanted.right);
}

/** Who asks must have entered the call by this connection. */
function inCall(
  { places }: Session,
  { conversationId, call }: { readonly conversationId: string; readonly call: number },
  act: (place: Place) => Answer | Promise<Answer>,
): Answer | Promise<Answer> {
  const place = places?.get(conversationId);
  return place?.call === call ? act(place) : E.left(refuse('NotInCall'));
}

const isNodeMethod = (method: VoiceMethod): method is NodeMethod =>
  nodeMethods.some((name) => name === method);
