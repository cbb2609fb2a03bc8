import * as E from 'fp-ts/lib/Either.js';
import type { Envelope } from '../log/envelope.js';
import type { Command, CommandType } from './commands.js';
import type { EventType } from './events.js';
import { recallCommand } from './recent.js';
import { type Refusal, refuse } from './refusals.js';
import { saysTheSame } from './says-the-same.js';
import type { Conversation, Deed } from './state.js';

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
  'conversation.setExpiry': 'conversation.expirySet',
  'conversation.close': 'conversation.closed',
  'conversation.hold': 'conversation.held',
  'conversation.release': 'conversation.released',
  'conversation.erase': 'conversation.erased',
  'member.add': 'member.added',
  'member.remove': 'member.removed',
  'member.leave': 'member.left',
  'member.setRole': 'member.roleSet',
  'member.ban': 'member.banned',
  'member.unban': 'member.unbanned',
  'member.erase': 'member.erased',
  'message.send': 'message.sent',
  'message.edit': 'message.edited',
  'message.delete': 'message.deleted',
  'message.react': 'message.reacted',
  'message.pin': 'message.pinned',
  'message.unpin': 'message.unpinned',
  'message.erase': 'message.erased',
  'message.expire': 'message.expired',
  'call.start': 'call.started',
  'call.join': 'call.joined',
  'call.leave': 'call.left',
  'call.mute': 'call.muted',
  'call.broadcast': 'call.broadcastSet',
  'call.end': 'call.ended',
};

/** What is known of a command that comes again: its answer, or the event it made, which it must be compared with first. */
export type Before =
  | { readonly tag: 'answered'; readonly answer: Answer }
  | { readonly tag: 'remembered'; readonly deed: Deed };

/**
 * What the conversation remembers of a command, by its id or by its place in its source. A place at or before the newest
 * one of its source is done, however long ago, and nothing is compared: its own seq may no longer be known, and the answer
 * then names the conversation's revision.
 */
export function answeredBefore(state: Conversation, command: Command): E.Either<Refusal, Before> | undefined {
  const { conversationId, commandId, producer } = command.data;
  const deed = recallCommand(state.recent, command.actor, commandId);
  if (deed !== undefined && deed.type !== eventOfCommand[command.type]) {
    return E.left(refuse('IdReused', `it made ${deed.type}`));
  }
  const isDone = producer !== undefined && producer.position <= (state.producers.get(producer.id) ?? 0);
  if (isDone) {
    const { seq, at } = deed ?? { seq: state.revision, at: command.at };
    return E.right({ tag: 'answered', answer: { conversationId, seq, at, repeated: true } });
  }
  return deed === undefined ? undefined : E.right({ tag: 'remembered', deed });
}

/**
 * The first answer again, if the command says what the event holds that was made under its id. An event that cannot be read
 * any more is taken for what the command says.
 */
export function answerAgain(
  command: Command,
  { seq, at }: Pick<Deed, 'seq' | 'at'>,
  event: Envelope | undefined,
): E.Either<Refusal, Answer> {
  if (event !== undefined && !saysTheSame(command, event)) {
    return E.left(refuse('IdReused', `it made ${event.type} with other content`));
  }
  return E.right({ conversationId: command.data.conversationId, seq, at, repeated: true });
}
