import * as E from 'fp-ts/lib/Either.js';
import { SYSTEM } from '../ids.js';
import { INCOMING, refusedAccess } from './access.js';
import type { Command, CommandType } from './commands.js';
import { ban, unban } from './decide-bans.js';
import { broadcastCall, endCall, joinCall, leaveCall, muteInCall, startCall } from './decide-calls.js';
import { create } from './decide-create.js';
import { eraseConversation, eraseMember, eraseMessage, hold, release } from './decide-erasing.js';
import { add, leave, remove, setRole } from './decide-members.js';
import { edit, erase, expire, pin, react, send, type Target, unpin } from './decide-messages.js';
import { close, rename, setExpiry, setTtl } from './decide-settings.js';
import { type Decision, no, unchanged } from './decision.js';
import { type Conversation, type Standing, stands } from './state.js';

/**
 * Decides what a command does to a conversation. Pure: time, hashes and ids come with the command, and a target that
 * `targetSought` names has been looked up before. One command makes one event at most, so that an append is atomic.
 */
export function decide(state: Conversation, command: Command, target?: Target): Decision {
  // Half of a conversation can be given up, and nothing else.
  if (state.isIncoming && !(command.asOperator === true && command.type === 'conversation.erase'))
    return no('Unavailable', INCOMING);
  if (command.type === 'conversation.create') return create(state, command);
  const refused = isTrusted(command) ? undefined : refusedAccess(state, command.actor, command.at);
  if (refused !== undefined) return E.left(refused);
  if (!stands(state)) {
    const isDone =
      state.tag === 'erased' && (command.actor === SYSTEM || command.type === 'conversation.erase');
    return isDone ? unchanged : no('ConversationNotFound');
  }
  if (goesOnWhenClosed(command)) return decideAlsoWhenClosed(state, command);
  if (state.tag === 'closed')
    return command.type === 'conversation.close' ? unchanged : no('ConversationClosed');
  switch (command.type) {
    case 'conversation.rename':
      return rename(state, command);
    case 'conversation.setTtl':
      return setTtl(state, command);
    case 'conversation.setExpiry':
      return setExpiry(state, command);
    case 'conversation.close':
      return close(state, command);
    case 'member.add':
      return add(state, command);
    case 'member.remove':
      return remove(state, command);
    case 'member.leave':
      return leave(state, command);
    case 'member.setRole':
      return setRole(state, command);
    case 'member.ban':
      return ban(state, command);
    case 'member.unban':
      return unban(state, command);
    case 'message.send':
      return send(state, command);
    case 'message.edit':
      return edit(state, command, target);
    case 'message.delete':
      return erase(state, command, target);
    case 'message.react':
      return react(state, command, target);
    case 'message.pin':
      return pin(state, command, target);
    case 'message.unpin':
      return unpin(state, command);
    case 'call.start':
      return startCall(state, command);
    case 'call.join':
      return joinCall(state, command);
    case 'call.leave':
      return leaveCall(state, command);
    case 'call.mute':
      return muteInCall(state, command);
    case 'call.broadcast':
      return broadcastCall(state, command);
    case 'call.end':
      return endCall(state, command);
    default:
      return command satisfies never;
  }
}

const operable = new Set<CommandType>(['conversation.hold', 'conversation.release', 'conversation.erase']);

/** The system need not be a member, nor an operator for what operators do. */
const isTrusted = ({ actor, asOperator, type }: Command): boolean =>
  actor === SYSTEM || (asOperator === true && operable.has(type));

/** What goes on in a conversation that is closed: its messages expire, and it can be held and erased. */
const alsoWhenClosed = [
  'message.expire',
  'message.erase',
  'member.erase',
  'conversation.hold',
  'conversation.release',
  'conversation.erase',
] as const;

type AlsoWhenClosed = Extract<Command, { type: (typeof alsoWhenClosed)[number] }>;

const goesOnWhenClosed = (command: Command): command is AlsoWhenClosed =>
  (alsoWhenClosed as readonly CommandType[]).includes(command.type);

function decideAlsoWhenClosed(state: Standing, command: AlsoWhenClosed): Decision {
  switch (command.type) {
    case 'message.expire':
      return expire(state, command);
    case 'message.erase':
      return eraseMessage(state, command);
    case 'member.erase':
      return eraseMember(state, command);
    case 'conversation.hold':
      return hold(state, command);
    case 'conversation.release':
      return release(state, command);
    case 'conversation.erase':
      return eraseConversation(state, command);
    default:
      return command satisfies never;
  }
}
