import { setTimeout as sleep } from 'node:timers/promises';
import type { InCall } from '@parley/infra/voice/roster';
import { callSubject } from '@parley/infra/voice/subjects';
import * as E from 'fp-ts/lib/Either.js';
import type { Hub } from '../hub/hub.js';
import type { HubEvent } from '../hub/hub-event.js';
import type { Session } from '../session/session.js';
import { tell } from './call-notices.js';
import type { HeldCall, Place } from './held-calls.js';
import type { VoiceCore } from './voice-core.js';
import { concernsCalls, type Why, whyClosed, whyNotIn } from './why-closed.js';

/** Events kept for those who are entering: a question takes seconds at most. */
const MAX_HEARD = 4_096;

/** Milliseconds until a question that was not answered is asked again. */
const ASK_AGAIN_MS = 1_000;

/** Milliseconds that other gateways have to say that they have somebody who seems lost. */
const HELD_WITHIN_MS = 500;

/** Takes note of an event that is delivered here: whoever is in a call no more by it is put out at once. */
export function hearEvent(core: VoiceCore, hub: Hub, event: HubEvent): void {
  if (!concernsCalls(event)) return;
  const { conversationId } = hub;
  const entered = enteredBy(event);
  if (entered !== undefined) core.beats.expect([{ conversationId, ...entered }]);
  const held = core.held.get(conversationId);
  if (held === undefined) return;
  if (event.live === undefined) return void lookAgain(core, held);
  const banned = bannedHere(hub, event);
  if (held.entering > 0) {
    held.heard.push({ event, banned });
    if (held.heard.length > MAX_HEARD) held.heard.shift();
  }
  for (const place of [...held.places.values()]) {
    const why = whyClosed(place, event, banned);
    if (why !== undefined) closePlace(core, place, why);
  }
}

function enteredBy({
  seq,
  live,
}: HubEvent): { readonly call: number; readonly participant: number } | undefined {
  if (live?.type === 'call.started') return { call: seq, participant: seq };
  return live?.type === 'call.joined' ? { call: live.data.call as number, participant: seq } : undefined;
}

function bannedHere({ members }: Hub, { change }: HubEvent): readonly string[] {
  if (change?.bannedHash === undefined) return [];
  return [...members].filter(([, { banHash }]) => banHash === change.bannedHash).map(([{ user }]) => user);
}

/** Events were left out, or cannot be read: who is in the call is asked, until it is answered. One question at a time. */
export async function lookAgain(core: VoiceCore, held: HeldCall): Promise<void> {
  if (held.asking !== 'not') {
    held.asking = 'again';
    return;
  }
  do {
    held.asking = 'once';
    const roster = await core.rosters.of(held.conversationId);
    if (E.isLeft(roster)) {
      await sleep(ASK_AGAIN_MS, undefined, { ref: false });
      held.asking = 'again';
    } else
      for (const place of [...held.places.values()]) {
        // The answer may be older than who has entered since.
        const why =
          place.participant > roster.right.revision ? undefined : whyNotIn(place, roster.right.call);
        if (why !== undefined) closePlace(core, place, why);
      }
  } while (held.asking === 'again' && held.places.size > 0 && !core.gateway.stopping);
  held.asking = 'not';
}

/** Ends a participant's place on its connection, and says why. */
export function closePlace(core: VoiceCore, place: Place, why: Why): void {
  const held = core.held.remove(place);
  if (held === undefined) return;
  const { conversationId, call, participant } = place;
  tell(core, place, 'voice.closed', { participant, why });
  if (why === 'elsewhere') return;
  core.beats.forget(place);
  if (held.fence === 0) return;
  const isLast = ![...held.places.values()].some((other) => other.call === call);
  if (why !== 'ended') void core.placing.free(conversationId, call, participant);
  else if (isLast) void core.placing.free(conversationId, call);
}

/** A connection is gone: its participants have a while to come back by another one. With its device revoked, or its user erased, they have not. */
export function forgetSession(core: VoiceCore, session: Session, isRevoked: boolean): void {
  for (const place of [...(session.places?.values() ?? [])]) {
    core.held.remove(place);
    core.beats.hear(place);
    if (isRevoked) void takeOutNow(core, place);
  }
}

async function takeOutNow(core: VoiceCore, place: Place): Promise<void> {
  if (await takeOut(core, place)) core.beats.forget(place);
}

/**
 * Somebody was not heard of for too long: unless a gateway has them all the same, the system takes them out. True when there is nothing more to do for them.
 */
export async function takeOutLost(core: VoiceCore, lost: InCall): Promise<boolean> {
  if (!core.gateway.isConnected) return false;
  if (await isHeld(core, lost)) return false;
  const isOut = await takeOut(core, lost);
  if (isOut) core.metrics.lost.inc();
  return isOut;
}

async function takeOut(core: VoiceCore, { conversationId, call, participant }: InCall): Promise<boolean> {
  const outcome = await core.rosters.lost({ conversationId, call, participant });
  if (E.isLeft(outcome)) {
    const { log } = core.gateway;
    log.warn({ conversationId, participant, refusal: outcome.left }, 'who is lost could not be taken out');
    return false;
  }
  await core.placing.free(conversationId, call, participant);
  return true;
}

/** What Redis says may be wrong, after it was away or lost something: who has them says so. */
async function isHeld(
  { gateway }: VoiceCore,
  { conversationId, call, participant }: InCall,
): Promise<boolean> {
  const question = JSON.stringify({ news: 'held', call, participant });
  return gateway.nats.request(callSubject(conversationId), question, { timeout: HELD_WITHIN_MS }).then(
    () => true,
    () => false,
  );
}
