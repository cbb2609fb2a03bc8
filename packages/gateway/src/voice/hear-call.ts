import type { Msg } from '@nats-io/transport-node';
import { MAX_P2P } from '@parley/domain/call/call';
import type { ParticipantState } from '@parley/domain/wire/voice';
import { type CallNews, isLater, isNews, readCallMessage } from './call-news.js';
import { deliver, publish } from './call-notices.js';
import type { HeldCall, Place } from './held-calls.js';
import { hearPlacement } from './moves.js';
import { closePlace } from './put-out.js';
import type { VoiceCore } from './voice-core.js';

/** Takes what gateways and nodes say about a call with participants here. */
export function hearCall(core: VoiceCore, held: HeldCall, message: Msg): void {
  const said = readCallMessage(message.data);
  if (said === undefined)
    return core.gateway.log.error(
      { conversationId: held.conversationId },
      'a notice of a call cannot be read',
    );
  if (isNews(said)) hearNews(core, held, said, message);
  else deliver(core, held, said);
}

function hearNews(core: VoiceCore, held: HeldCall, news: CallNews, message: Msg): void {
  switch (news.news) {
    case 'entered':
      return hearEntered(core, held, news);
    case 'placed':
      return hearPlacement(core, held, news.call, news.fence, news.why);
    case 'held':
      if (held.places.get(news.participant)?.call === news.call) message.respond();
      return;
    default:
      return news satisfies never;
  }
}

function hearEntered(
  core: VoiceCore,
  held: HeldCall,
  news: Extract<CallNews, { readonly news: 'entered' }>,
): void {
  const { call, participant, gateway } = news;
  const mine = held.places.get(participant);
  if (gateway !== core.name && mine !== undefined) {
    if (isLater(news, { at: mine.at, gateway: core.name })) closePlace(core, mine, 'elsewhere');
    // Who says so does not know yet that it was taken over.
    else return announce(core, mine);
  }
  const isSmall = held.places.size <= MAX_P2P;
  for (const place of held.places.values()) {
    if (place.call !== call || place.participant === participant || place.state === undefined) continue;
    if (isSmall || isOn(place.state))
      publish(core, held.conversationId, stateNotice(place, place.state, participant));
  }
}

/** Says that a participant is at this gateway from now on; everybody tells them their state. */
export function announce(core: VoiceCore, { conversationId, call, participant, at }: Place): void {
  publish(core, conversationId, { news: 'entered', call, participant, at, gateway: core.name });
}

export const stateNotice = (place: Place, state: ParticipantState, to: number | 'all') => {
  const { conversationId, call, participant } = place;
  return {
    to,
    ...(to === 'all' ? { except: participant } : {}),
    name: 'voice.state',
    value: { conversationId, call, participant, state },
  } as const;
};

/** Who has said nothing yet counts as having nothing on: of a thousand listeners none need be told. In a mesh, where no track says what is on, who enters again may have missed that all is off. */
const isOn = ({ mic, camera, screen, deafened }: ParticipantState): boolean =>
  mic || camera || screen || deafened;
