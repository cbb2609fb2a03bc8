import type { ConversationEvent } from '../conversation/events.js';
import { begun, type Call, deviceKey, participantOf, topologyOf } from './call.js';

type Happened = ConversationEvent & { readonly seq: number; readonly at: number; readonly actor: string };

/**
 * The call that goes on after one more event of its conversation, or undefined. Total: an event of another call than the one that goes on
 * changes nothing. Who is banned is named by a hash: whoever folds with members' hashes says by {@link withoutPeople} who that was.
 */
export function foldCall(call: Call | undefined, event: Happened): Call | undefined {
  if (event.type === 'call.started') return call ?? begun(event, event.data);
  if (call === undefined) return undefined;
  switch (event.type) {
    case 'call.joined': {
      if (event.data.call !== call.call) return call;
      const { seq, actor, at, data } = event;
      const participant = { participant: seq, user: actor, device: data.device, at };
      return moved({
        ...call,
        participants: call.participants.with([[deviceKey(actor, data.device), participant]]),
      });
    }
    case 'call.left': {
      const gone = event.data.call === call.call ? participantOf(call, event.data.participant) : undefined;
      return gone === undefined ? call : without(call, [deviceKey(gone.user, gone.device)]);
    }
    case 'call.muted': {
      if (event.data.call !== call.call) return call;
      const muted = new Set(call.muted);
      if (event.data.muted) muted.add(event.data.user);
      else muted.delete(event.data.user);
      return moved({ ...call, muted });
    }
    case 'call.broadcastSet':
      return event.data.call === call.call ? moved({ ...call, broadcast: event.data.source }) : call;
    case 'call.ended':
      return event.data.call === call.call ? undefined : call;
    case 'member.removed':
      return withoutPeople(call, event.data.users);
    case 'member.left':
      return withoutPeople(call, [event.actor]);
    case 'member.erased':
      return withoutPeople(call, [event.data.user]);
    case 'conversation.closed':
    case 'conversation.erased':
      return undefined;
    default:
      return call;
  }
}

/** The call without these people, all their devices; undefined when nobody is left in it. */
export function withoutPeople(call: Call, users: readonly string[]): Call | undefined {
  const keys = [...call.participants].filter(([, { user }]) => users.includes(user)).map(([key]) => key);
  return keys.length === 0 ? call : without(call, keys);
}

function without(call: Call, keys: readonly string[]): Call | undefined {
  const participants = call.participants.without(keys);
  return participants.size === 0 ? undefined : moved({ ...call, participants });
}

function moved(call: Call): Call {
  const topology = topologyOf(call);
  return topology === call.topology ? call : { ...call, topology };
}
