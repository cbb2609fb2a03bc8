import * as t from 'io-ts';
import { Broadcast, CallMedia } from '../call/call.js';
import { CommandId, ConversationId, type DeviceId, Instant, Seq, UserId } from '../ids.js';
import { shape } from '../shape.js';
import { boundedArray } from '../text.js';
import { Body } from './body.js';
import {
  type BanHash,
  Emoji,
  Ending,
  Fate,
  HoldReason,
  Kind,
  Life,
  MAX_REMAINS,
  MAX_USERS_PER_COMMAND,
  Producer,
  Remains,
  Role,
  SeqRange,
  Title,
  Ttl,
} from './vocabulary.js';

/** What every command carries: which conversation, and the id by which a repetition is known. */
const base = { conversationId: ConversationId, commandId: CommandId };

/**
 * What an import may add: the person it speaks for, the time the message had, and its place in its source. The
 * command-api refuses these to tokens without the scope `import`.
 */
const imported = { as: UserId, sentAt: Instant, producer: Producer };

const command = <R extends t.Props, O extends t.Props>(required: R, optional: O) =>
  shape({ ...base, ...required }, { ...imported, ...optional });

const users = boundedArray('users', UserId, 1, MAX_USERS_PER_COMMAND);

/**
 * Every command by its name on the wire. The codec of its data is the only definition of it: NATS, HTTP and the socket
 * all decode by it.
 */
export const commandCodecs = {
  'conversation.create': command(
    { kind: Kind, members: boundedArray('members', UserId, 0, MAX_USERS_PER_COMMAND) },
    { title: Title, ttl: Ttl, expiresAt: Instant },
  ),
  'conversation.rename': command({ title: Title }, {}),
  'conversation.setTtl': command({ ttl: Ttl }, {}),
  'conversation.setExpiry': command({ expiresAt: Ending }, {}),
  'conversation.close': command({}, {}),
  'conversation.hold': command({ reason: HoldReason }, {}),
  'conversation.release': command({}, {}),
  'conversation.erase': command({}, {}),
  'member.add': command({ users }, { role: Role }),
  'member.remove': command({ users }, {}),
  'member.leave': command({}, {}),
  'member.setRole': command({ user: UserId, role: Role }, {}),
  'member.ban': command({ user: UserId }, {}),
  'member.unban': command({ user: UserId }, {}),
  'member.erase': command({ user: UserId }, {}),
  'message.send': command({ body: Body }, { replyTo: Seq, ttl: Life }),
  'message.edit': command({ seq: Seq, body: Body }, {}),
  'message.delete': command({ seq: Seq }, {}),
  'message.react': command({ seq: Seq, emoji: Emoji }, { remove: t.boolean }),
  'message.pin': command({ seq: Seq }, {}),
  'message.unpin': command({ seq: Seq }, {}),
  'message.erase': command({ seq: Seq, remains: boundedArray('remains', Remains, 0, MAX_REMAINS) }, Fate),
  'message.expire': command({ ranges: boundedArray('ranges', SeqRange, 1, 1_000) }, {}),
  'call.start': command({ media: CallMedia }, {}),
  'call.join': command({ call: Seq }, {}),
  'call.leave': command({ call: Seq, participant: Seq }, {}),
  'call.mute': command({ call: Seq, user: UserId, muted: t.boolean }, {}),
  'call.broadcast': command({ call: Seq, source: Broadcast }, {}),
  'call.end': command({ call: Seq }, {}),
} as const;

export type CommandType = keyof typeof commandCodecs;

type Data<T extends CommandType> = t.TypeOf<(typeof commandCodecs)[T]>;

/**
 * What the command-api adds before deciding: who acts, on which device, the time in ms, and the keyed hashes of the people named, so
 * that the decision needs neither a clock nor a key.
 */
export type Circumstances = {
  readonly actor: UserId | '@system';
  readonly at: number;
  readonly banHashes: Readonly<Record<UserId, BanHash>>;
  /** The actor need not be a member: their token has the scope that this command needs (`hold`, `erase`). */
  readonly asOperator?: true;
  /** The actor's device, by which a call knows its participants. */
  readonly device?: DeviceId;
  /** Most participants of a mesh, for a call that starts. */
  readonly p2pMax?: number;
};

export type CommandOf<T extends CommandType> = { readonly type: T; readonly data: Data<T> } & Circumstances;

export type CreateConversation = CommandOf<'conversation.create'>;
export type RenameConversation = CommandOf<'conversation.rename'>;
export type SetTtl = CommandOf<'conversation.setTtl'>;
export type CloseConversation = CommandOf<'conversation.close'>;
export type SetExpiry = CommandOf<'conversation.setExpiry'>;
export type HoldConversation = CommandOf<'conversation.hold'>;
export type ReleaseConversation = CommandOf<'conversation.release'>;
export type EraseConversation = CommandOf<'conversation.erase'>;
export type AddMembers = CommandOf<'member.add'>;
export type RemoveMembers = CommandOf<'member.remove'>;
export type LeaveConversation = CommandOf<'member.leave'>;
export type SetRole = CommandOf<'member.setRole'>;
export type BanMember = CommandOf<'member.ban'>;
export type UnbanMember = CommandOf<'member.unban'>;
export type SendMessage = CommandOf<'message.send'>;
export type EditMessage = CommandOf<'message.edit'>;
export type DeleteMessage = CommandOf<'message.delete'>;
export type ReactToMessage = CommandOf<'message.react'>;
export type PinMessage = CommandOf<'message.pin'>;
export type UnpinMessage = CommandOf<'message.unpin'>;
export type EraseMember = CommandOf<'member.erase'>;
export type EraseMessage = CommandOf<'message.erase'>;
export type ExpireMessages = CommandOf<'message.expire'>;
export type StartCall = CommandOf<'call.start'>;
export type JoinCall = CommandOf<'call.join'>;
export type LeaveCall = CommandOf<'call.leave'>;
export type MuteInCall = CommandOf<'call.mute'>;
export type BroadcastCall = CommandOf<'call.broadcast'>;
export type EndCall = CommandOf<'call.end'>;

export type Command = { [T in CommandType]: CommandOf<T> }[CommandType];

export const isCommandType = (name: string): name is CommandType => Object.hasOwn(commandCodecs, name);

/** Everyone a command names, whose ban hashes deciding needs. */
export function peopleNamed(type: CommandType, data: Command['data'], actor: string): readonly string[] {
  const named = data as { users?: readonly string[]; members?: readonly string[]; user?: string };
  if (type === 'conversation.create') return [actor, ...(named.members ?? [])];
  // Nobody who is erased is banned by it.
  if (type === 'member.erase' || type === 'call.mute') return [];
  return [...(named.users ?? []), ...(named.user === undefined ? [] : [named.user])];
}
