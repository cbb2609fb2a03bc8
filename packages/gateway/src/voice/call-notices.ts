import { notificationFrame } from '@parley/domain/wire/json-rpc';
import type { CallNotice } from '@parley/infra/voice/protocol';
import { callSubject } from '@parley/infra/voice/subjects';
import { send } from '../session/send.js';
import { sendSign } from '../session/send-sign.js';
import type { CallMessage } from './call-news.js';
import type { HeldCall, Place } from './held-calls.js';
import type { VoiceCore } from './voice-core.js';

/** Tells gateways with somebody in this call, this one too. What they are told while the broker is away is lost. */
export function publish({ gateway }: VoiceCore, conversationId: string, message: CallMessage): void {
  if (gateway.isConnected) gateway.nats.publish(callSubject(conversationId), JSON.stringify(message));
}

/** Delivers a notice to the participants here whom it is for: encoded once. */
export function deliver(core: VoiceCore, call: HeldCall, { to, except, name, value }: CallNotice): void {
  const frame = notificationFrame(name, value);
  const isForAll = to === 'all';
  const some = isForAll ? call.places.values() : [call.places.get(to)];
  for (const place of some) {
    if (place === undefined || place.call !== value.call || (isForAll && place.participant === except))
      continue;
    if (name === 'voice.moved') {
      core.metrics.moves.inc({ why: String(value.why) });
      // They enter again: of the placement that was meant they are not told once more.
      place.seat = undefined;
    }
    tellFrame(core, place, name, frame);
  }
}

/** Tells one participant here. */
export function tell(core: VoiceCore, place: Place, name: CallNotice['name'], facts: object): void {
  const { conversationId, call } = place;
  tellFrame(core, place, name, notificationFrame(name, { conversationId, call, ...facts }));
}

/** Who speaks is true for a moment only: a reader who is behind is not told. All else counts to what may wait for a reader. */
function tellFrame(
  { gateway: { metrics } }: VoiceCore,
  { session }: Place,
  name: CallNotice['name'],
  frame: string,
): void {
  if (name === 'voice.speakers') sendSign(metrics, session, 'speakers', frame);
  else send(metrics, session, frame);
}
