import { SYSTEM } from '../ids.js';
import { isOver } from './access.js';
import { closeBody } from './body.js';
import type {
  Command,
  DeleteMessage,
  EditMessage,
  ExpireMessages,
  PinMessage,
  ReactToMessage,
  SendMessage,
  UnpinMessage,
} from './commands.js';
import { covers } from './covers.js';
import { type Decision, no, unchanged, yes } from './decision.js';
import { deedsOf, recallSeq } from './recent.js';
import { leads } from './standing.js';
import { type Conversation, type Deed, isPinned, type Open, type Standing } from './state.js';
import { MAX_PINS } from './vocabulary.js';

/** A message that a command is about, where the state no longer remembers it: who wrote it and when its life is over, that it is gone, or that there is none. */
export type Target = { readonly author: string; readonly expiresAt?: number } | 'gone' | 'none';

/** Seq of the message a command is about, if the state does not remember who wrote it; to be looked up in the log. */
export function targetSought(state: Conversation, command: Command): number | undefined {
  if (
    command.type !== 'message.edit' &&
    command.type !== 'message.delete' &&
    command.type !== 'message.react' &&
    command.type !== 'message.pin'
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
  if (data.ttl !== undefined && state.ttl !== null && data.ttl > state.ttl)
    return no('LifeNotAllowed', `at most ${state.ttl} s here`);
  const life = data.ttl ?? state.ttl;
  return yes({
    type: 'message.sent',
    data: {
      ordinal: state.messages + 1,
      body: closeBody(data.body),
      ...(data.sentAt === undefined ? {} : { sentAt: data.sentAt }),
      ...(data.replyTo === undefined ? {} : { replyTo: data.replyTo }),
      ...(life === null ? {} : { expiresAt: at + life * 1000 }),
    },
  });
}

export function edit(state: Open, { actor, at, data }: EditMessage, target?: Target): Decision {
  const message = messageAt(state, data.seq, at, target);
  if (message === undefined) return no('MessageNotFound', `seq ${data.seq}`);
  if (message.author !== actor) return no('NotTheAuthor');
  return yes({
    type: 'message.edited',
    data: { seq: data.seq, body: closeBody(data.body), ...lifeOf(message) },
  });
}

export function erase(state: Open, { actor, at, data }: DeleteMessage, target?: Target): Decision {
  const message = messageAt(state, data.seq, at, target);
  if (message === undefined) {
    const isGone = target === 'gone' || deedAt(state, data.seq)?.gone === true;
    return isGone ? unchanged : no('MessageNotFound', `seq ${data.seq}`);
  }
  if (message.author !== actor && !leads(state, actor)) return no('NotTheAuthor');
  if (state.hold !== undefined) return no('OnLegalHold', state.hold.reason);
  return yes({ type: 'message.deleted', data: { seq: data.seq } });
}

export function react(state: Open, { at, data }: ReactToMessage, target?: Target): Decision {
  const message = messageAt(state, data.seq, at, target);
  if (message === undefined) return no('MessageNotFound', `seq ${data.seq}`);
  return yes({
    type: 'message.reacted',
    data: { seq: data.seq, emoji: data.emoji, removed: data.remove ?? false, ...lifeOf(message) },
  });
}

/** Admins and owners pin; in a direct conversation both do. */
export function pin(state: Open, { actor, at, data }: PinMessage, target?: Target): Decision {
  if (state.kind !== 'direct' && !leads(state, actor)) return no('NotAllowed');
  const message = messageAt(state, data.seq, at, target);
  if (message === undefined) return no('MessageNotFound', `seq ${data.seq}`);
  if (isPinned(state, data.seq)) return unchanged;
  if (state.pins.length >= MAX_PINS) return no('TooManyPins', `at most ${MAX_PINS}`);
  return yes({ type: 'message.pinned', data: { seq: data.seq, author: message.author, ...lifeOf(message) } });
}

export function unpin(state: Open, { actor, data }: UnpinMessage): Decision {
  if (state.kind !== 'direct' && !leads(state, actor)) return no('NotAllowed');
  return isPinned(state, data.seq) ? yes({ type: 'message.unpinned', data: { seq: data.seq } }) : unchanged;
}

export function expire(state: Standing, { actor, at, data }: ExpireMessages): Decision {
  if (actor !== SYSTEM) return no('NotAllowed', 'messages expire by the clock alone');
  if (state.hold !== undefined) return no('OnLegalHold', state.hold.reason);
  const ranges = data.ranges.filter(([from, to]) => from <= to && to <= state.revision);
  const tooSoon = deedsOf(state.recent).find(
    ({ type, seq, expiresAt }) => type === 'message.sent' && !isOver(expiresAt, at) && covers(ranges, seq),
  );
  if (tooSoon !== undefined) return no('NotAllowed', `the time of seq ${tooSoon.seq} is not over`);
  return ranges.length === 0 ? unchanged : yes({ type: 'message.expired', data: { ranges } });
}

const deedAt = (state: Conversation, seq: number): Deed | undefined => recallSeq(state.recent, seq);

const isThere = (deed: Deed, at: number): boolean =>
  deed.type === 'message.sent' && !deed.gone && !isOver(deed.expiresAt, at);

/** Who wrote a message, and when its life is over. */
type Message = Exclude<Target, 'gone' | 'none'>;

/** A message that is there at the time `at`: neither gone nor due. */
function messageAt(state: Open, seq: number, at: number, target: Target = 'none'): Message | undefined {
  const deed = deedAt(state, seq);
  if (deed !== undefined) {
    return isThere(deed, at) ? { author: deed.actor, ...lifeOf(deed) } : undefined;
  }
  return typeof target === 'string' || isOver(target.expiresAt, at) ? undefined : target;
}

const lifeOf = ({ expiresAt }: { readonly expiresAt?: number }) =>
  expiresAt === undefined ? {} : { expiresAt };
