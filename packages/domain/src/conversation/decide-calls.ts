import { type Call, deviceKey, MAX_P2P, MAX_PARTICIPANTS, participantOf } from '../call/call.js';
import { SYSTEM } from '../ids.js';
import type { BroadcastCall, EndCall, JoinCall, LeaveCall, MuteInCall, StartCall } from './commands.js';
import { type Decision, no, unchanged, yes } from './decision.js';
import { leads, outranks, roleIn } from './standing.js';
import type { Open } from './state.js';

/**
 * A conversation has one call at a time; in a channel its admins start it, and it goes by a server, because only one keeps those silent who do not lead. Who starts it is
 * in it.
 */
export function startCall(state: Open, { actor, data, device, p2pMax = 0 }: StartCall): Decision {
  if (state.kind === 'channel' && !leads(state, actor)) return no('NotAllowed');
  if (state.call !== undefined) return no('CallOngoing', `its number is ${state.call.call}`);
  if (device === undefined || actor === SYSTEM) return no('NotInCall', NO_DEVICE);
  const meshMax = state.kind === 'channel' ? 0 : Math.min(Math.max(p2pMax, 0), MAX_P2P);
  return yes({ type: 'call.started', data: { media: data.media, device, p2pMax: meshMax } });
}

/** From a device that is in it already, the newer one replaces the older. */
export function joinCall(state: Open, { actor, data, device }: JoinCall): Decision {
  return inCall(state, data, (call) => {
    if (device === undefined || actor === SYSTEM) return no('NotInCall', NO_DEVICE);
    const isAgain = call.participants.has(deviceKey(actor, device));
    if (call.participants.size >= MAX_PARTICIPANTS && !isAgain) return no('CallFull');
    return yes({ type: 'call.joined', data: { call: call.call, device } });
  });
}

/** One leaves oneself; who leads puts others out, below them in rank, and the system whoever is not heard of any more. */
export function leaveCall(state: Open, { actor, data: { call, participant } }: LeaveCall): Decision {
  if (state.call?.call !== call) return unchanged;
  const gone = participantOf(state.call, participant);
  if (gone === undefined) return unchanged;
  const { user } = gone;
  const left = (why: 'left' | 'removed' | 'lost') =>
    yes({ type: 'call.left', data: { call, participant, user, why } });
  if (actor === SYSTEM) return left('lost');
  if (actor === user) return left('left');
  return outranks(state, actor, roleIn(state, user)) ? left('removed') : no('NotAllowed');
}

/** Only who muted somebody, or another who leads, lets them speak again: they cannot do it themselves. */
export function muteInCall(state: Open, { actor, data }: MuteInCall): Decision {
  return inCall(state, data, (call) => {
    if (!outranks(state, actor, roleIn(state, data.user))) return no('NotAllowed');
    if (call.muted.has(data.user) === data.muted) return unchanged;
    const isThere = [...call.participants.values()].some(({ user }) => user === data.user);
    if (!isThere && data.muted) return no('NotInCall', 'they are not in the call');
    return yes({ type: 'call.muted', data: { call: data.call, user: data.user, muted: data.muted } });
  });
}

/** By those who lead; it ends with the call. */
export function broadcastCall(state: Open, { actor, data }: BroadcastCall): Decision {
  return inCall(state, data, (call) => {
    if (state.kind === 'direct') return no('NotForThisKind', 'two people have no audience');
    if (!leads(state, actor)) return no('NotAllowed');
    if (call.broadcast === data.source) return unchanged;
    return yes({ type: 'call.broadcastSet', data: { call: data.call, source: data.source } });
  });
}

/** For everyone: by who started it, those who lead, and either of two. */
export function endCall(state: Open, { actor, data }: EndCall): Decision {
  if (state.call?.call !== data.call) return unchanged;
  const mayEnd = state.kind === 'direct' || state.call.by === actor || leads(state, actor);
  return mayEnd ? yes({ type: 'call.ended', data: { call: data.call } }) : no('NotAllowed');
}

const NO_DEVICE = 'only a device can be in a call';

function inCall({ call }: Open, data: { readonly call: number }, decide: (call: Call) => Decision): Decision {
  return call?.call === data.call ? decide(call) : no('CallNotFound');
}
