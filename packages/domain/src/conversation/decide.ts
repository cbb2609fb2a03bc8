import * as E from 'fp-ts/lib/Either.js';
import { SYSTEM } from '../ids.js';
import { refusedAccess } from './access.js';
import type { Command } from './commands.js';
import { ban, unban } from './decide-bans.js';
import { create } from './decide-create.js';
import { add, leave, remove, setRole } from './decide-members.js';
import { edit, erase, expire, react, send, type Target } from './decide-messages.js';
import { close, rename, setTtl } from './decide-settings.js';
import { type Decision, no, unchanged } from './decision.js';
import type { Conversation } from './state.js';

/**
 * Decides what a command does to a conversation. Pure: time, hashes and ids come with the command, and a target that
 * `targetSought` names has been looked up before. One command makes one event at most, so that an append is atomic.
 */
export function decide(state: Conversation, command: Command, target?: Target): Decision {
  if (command.type === 'conversation.create') return create(state, command);
  if (state.tag === 'absent') return no('ConversationNotFound');
  const refused = command.actor === SYSTEM ? undefined : refusedAccess(state, command.actor);
  if (refused !== undefined) return E.left(refused);
  // Messages go on to expire in a conversation that is closed.
  if (command.type === 'message.expire') return expire(state, command);
  if (state.tag === 'closed')
    return command.type === 'conversation.close' ? unchanged : no('ConversationClosed');
  switch (command.type) {
    case 'conversation.rename':
      return rename(state, command);
    case 'conversation.setTtl':
      return setTtl(state, command);
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
    default:
      return command satisfies never;
  }
}
