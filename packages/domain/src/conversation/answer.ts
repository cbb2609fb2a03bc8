import * as E from 'fp-ts/lib/Either.js';
import type { Command, CommandType } from './commands.js';
import type { EventType } from './events.js';
import { recallCommand } from './recent.js';
import { type Refusal, refuse } from './refusals.js';
import type { Conversation } from './state.js';

/**
 * What a sender gets: the seq of the event its command made and the time in ms at which that was, or the revision that
 * already was as asked. `repeated` says the command had been done before.
 */
export type Answer = {
  readonly conversationId: string;
  readonly seq: number;
  readonly at: number;
  readonly repeated?: true;
};

/** The event each command makes. */
export const eventOfCommand: Readonly<Record<CommandType, EventType>> = {
  'conversation.create': 'conversation.created',
  'conversation.rename': 'conversation.renamed',
  'conversation.setTtl': 'conversation.ttlSet',
  'conversation.close': 'conversation.closed',
  'member.add': 'member.added',
  'member.remove': 'member.removed',
  'member.leave': 'member.left',
  'member.setRole': 'member.roleSet',
  'member.ban': 'member.banned',
  'member.unban': 'member.unbanned',
  'message.send': 'message.sent',
  'message.edit': 'message.edited',
  'message.delete': 'message.deleted',
  'message.react': 'message.reacted',
  'message.expire': 'message.expired',
};

/**
 * The answer a command was given before, if the conversation remembers it: by its id, or by its place in its source. A
 * place at or before the newest one of its source is done, however long ago; its own seq is then no longer known, and the
 * answer names the conversation's revision.
 */
export function answeredBefore(state: Conversation, command: Command): E.Either<Refusal, Answer> | undefined {
  const { conversationId, commandId, producer } = command.data;
  const deed = recallCommand(state.recent, command.actor, commandId);
  if (deed !== undefined) {
    if (deed.type !== eventOfCommand[command.type]) return E.left(refuse('IdReused', `it made ${deed.type}`));
    return E.right({ conversationId, seq: deed.seq, at: deed.at, repeated: true });
  }
  if (producer === undefined) return undefined;
  const last = state.producers.get(producer.id) ?? 0;
  if (producer.position > last) return undefined;
  return E.right({ conversationId, seq: state.revision, at: command.at, repeated: true });
}
