import { SYSTEM } from '../ids.js';
import { closeBody } from './body.js';
import type {
  Command,
  DeleteMessage,
  EditMessage,
  ExpireMessages,
  ReactToMessage,
  SendMessage,
} from './commands.js';
import { type Decision, no, unchanged, yes } from './decision.js';
import { recallSeq } from './recent.js';
import { leads } from './standing.js';
import type { Closed, Conversation, Deed, Open } from './state.js';

/** A message that a command is about, where the state no longer remembers it: who wrote it, or that there is none. */
export type Target = { readonly author: string } | 'none';

/** Seq of the message a command is about, if the state does not remember who wrote it; to be looked up in the log. */
export function targetSought(state: Conversation, command: Command): number | undefined {
  if (
    command.type !== 'message.edit' &&
    command.type !== 'message.delete' &&
    command.type !== 'message.react'
  ) {
    return undefined;
  }
  const { seq } = command.data;
  if (seq > state.revision || deedAt(state, seq) !== undefined) return undefined;
  return seq;
}

export function send(state: Open, { actor, at, data }: SendMessage): Decision {
  if (state.kind === 'channel' && !leads(state, actor))
    return no('NotAllowed', 'only admins post in a channel');
  if (data.replyTo !== undefined && data.replyTo > state.revision)
    return no('MessageNotFound', `seq ${data.replyTo}`);
  return yes({
    type: 'message.sent',
    data: {
      ordinal: state.messages + 1,
      body: closeBody(data.body),
      ...(data.sentAt === undefined ? {} : { sentAt: data.sentAt }),
      ...(data.replyTo === undefined ? {} : { replyTo: data.replyTo }),
      ...(state.ttl === null ? {} : { expiresAt: at + state.ttl * 1000 }),
    },
  });
}

export function edit(state: Open, { actor, data }: EditMessage, target?: Target): Decision {
  const author = authorOf(state, data.seq, target);
  if (author === undefined) return no('MessageNotFound', `seq ${data.seq}`);
  if (author !== actor) return no('NotTheAuthor');
  return yes({ type: 'message.edited', data: { seq: data.seq, body: closeBody(data.body) } });
}

export function erase(state: Open, { actor, data }: DeleteMessage, target?: Target): Decision {
  const author = authorOf(state, data.seq, target);
  if (author === undefined)
    return deedAt(state, data.seq)?.gone ? unchanged : no('MessageNotFound', `seq ${data.seq}`);
  if (author !== actor && !leads(state, actor)) return no('NotTheAuthor');
  return yes({ type: 'message.deleted', data: { seq: data.seq } });
}

export function react(state: Open, { data }: ReactToMessage, target?: Target): Decision {
  if (authorOf(state, data.seq, target) === undefined) return no('MessageNotFound', `seq ${data.seq}`);
  return yes({
    type: 'message.reacted',
    data: { seq: data.seq, emoji: data.emoji, removed: data.remove ?? false },
  });
}

export function expire(state: Open | Closed, { actor, data }: ExpireMessages): Decision {
  if (actor !== SYSTEM) return no('NotAllowed', 'messages expire by the clock alone');
  const ranges = data.ranges.filter(([from, to]) => from <= to && to <= state.revision);
  return ranges.length === 0 ? unchanged : yes({ type: 'message.expired', data: { ranges } });
}

const deedAt = (state: Conversation, seq: number): Deed | undefined => recallSeq(state.recent, seq);

function authorOf(state: Open, seq: number, target?: Target): string | undefined {
  const deed = deedAt(state, seq);
  if (deed !== undefined) return deed.type === 'message.sent' && !deed.gone ? deed.actor : undefined;
  return target === undefined || target === 'none' ? undefined : target.author;
}
