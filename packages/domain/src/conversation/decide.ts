import * as E from 'fp-ts/lib/Either.js';
import { directConversationId, isDirectId, SYSTEM } from '../ids.js';
import { refusedAccess } from './access.js';
import { closeBody } from './body.js';
import type {
  AddMembers,
  BanMember,
  CloseConversation,
  Command,
  CommandOf,
  CreateConversation,
  DeleteMessage,
  EditMessage,
  ExpireMessages,
  LeaveConversation,
  ReactToMessage,
  RemoveMembers,
  RenameConversation,
  SendMessage,
  SetRole,
  SetTtl,
  UnbanMember,
} from './commands.js';
import type { ConversationEvent } from './events.js';
import { recallSeq } from './recent.js';
import { type Refusal, refuse } from './refusals.js';
import type { Closed, Conversation, Deed, Open } from './state.js';
import { type Entry, MAX_MEMBERS, type Role } from './vocabulary.js';

/** What happens: one event, or nothing because it is so already. */
export type Decision = E.Either<Refusal, ConversationEvent | undefined>;

/** A message that a command is about, where the state no longer remembers it: who wrote it, or that there is none. */
export type Target = { readonly author: string } | 'none';

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

function create(state: Conversation, command: CreateConversation): Decision {
  const { data, actor } = command;
  if (actor === SYSTEM) return no('NotAllowed', 'only people converse');
  const others = [...new Set(data.members)].filter((user) => user !== actor);
  if (data.kind === 'direct') {
    const other = others[0];
    if (other === undefined || others.length !== 1) return no('DirectNeedsTwo');
    if (data.conversationId !== directConversationId(actor, other)) {
      return no('DirectNeedsTwo', `the id must be ${directConversationId(actor, other)}`);
    }
    if (data.title !== undefined) return no('NotForThisKind', 'a direct conversation has no title');
  } else if (isDirectId(data.conversationId)) {
    return no('NotForThisKind', 'ids that begin with dm- are for direct conversations');
  }
  // Only now, so that nobody but the two learns whether a direct conversation exists.
  if (state.tag !== 'absent') return no('ConversationExists');
  const first: Role = data.kind === 'direct' ? 'member' : 'owner';
  return yes({
    type: 'conversation.created',
    data: {
      kind: data.kind,
      ttl: data.ttl ?? null,
      members: [entry(command, actor, first), ...others.map((user) => entry(command, user, 'member'))],
      ...(data.title === undefined ? {} : { title: data.title }),
    },
  });
}

function rename(state: Open, { actor, data }: RenameConversation): Decision {
  if (state.kind === 'direct') return no('NotForThisKind', 'a direct conversation has no title');
  if (!leads(state, actor)) return no('NotAllowed');
  return state.title === data.title
    ? unchanged
    : yes({ type: 'conversation.renamed', data: { title: data.title } });
}

function setTtl(state: Open, { actor, data }: SetTtl): Decision {
  if (state.kind !== 'direct' && !leads(state, actor)) return no('NotAllowed');
  return state.ttl === data.ttl ? unchanged : yes({ type: 'conversation.ttlSet', data: { ttl: data.ttl } });
}

function close(state: Open, { actor }: CloseConversation): Decision {
  if (state.kind === 'direct') return no('NotForThisKind', 'a direct conversation cannot be closed');
  if (actor !== SYSTEM && state.members.get(actor)?.role !== 'owner') return no('NotAllowed');
  return yes({ type: 'conversation.closed', data: {} });
}

function add(state: Open, command: AddMembers): Decision {
  const { actor, data } = command;
  if (state.kind === 'direct') return no('NotForThisKind', 'a direct conversation is of two people');
  const role = data.role ?? 'member';
  if (!outranks(state, actor, role)) return no('NotAllowed');
  const entries = [...new Set(data.users)]
    .filter((user) => !state.members.has(user))
    .map((user) => entry(command, user, role));
  const banned = entries.find(({ banHash }) => state.bans.has(banHash));
  if (banned !== undefined) return no('UserBanned', banned.user);
  const most = MAX_MEMBERS[state.kind];
  if (state.members.size + entries.length > most) return no('TooManyMembers', `at most ${most}`);
  return entries.length === 0 ? unchanged : yes({ type: 'member.added', data: { members: entries } });
}

function remove(state: Open, { actor, data }: RemoveMembers): Decision {
  if (state.kind === 'direct') return no('NotForThisKind', 'nobody is removed from a direct conversation');
  const users = [...new Set(data.users)].filter((user) => state.members.has(user));
  if (!leads(state, actor) || !users.every((user) => outranks(state, actor, roleIn(state, user)))) {
    return no('NotAllowed');
  }
  if (leavesNoOwner(state, users)) return no('LastOwner');
  return users.length === 0 ? unchanged : yes({ type: 'member.removed', data: { users } });
}

function leave(state: Open, { actor }: LeaveConversation): Decision {
  if (state.kind === 'direct') return no('NotForThisKind', 'nobody leaves a direct conversation');
  if (!state.members.has(actor)) return no('NotAMember');
  if (leavesNoOwner(state, [actor])) return no('LastOwner');
  return yes({ type: 'member.left', data: {} });
}

function setRole(state: Open, { actor, data }: SetRole): Decision {
  if (state.kind === 'direct') return no('NotForThisKind', 'a direct conversation has no roles');
  if (state.members.get(actor)?.role !== 'owner') return no('NotAllowed');
  const member = state.members.get(data.user);
  if (member === undefined) return no('NotAMember', `${data.user} is not a member`);
  if (member.role === data.role) return unchanged;
  if (member.role === 'owner' && state.owners === 1) return no('LastOwner');
  return yes({ type: 'member.roleSet', data: { user: data.user, role: data.role } });
}

function ban(state: Open, command: BanMember): Decision {
  const { actor, data } = command;
  if (state.kind === 'direct') return no('NotForThisKind', 'nobody is banned from a direct conversation');
  if (!leads(state, actor)) return no('NotAllowed');
  const member = state.members.get(data.user);
  if (member !== undefined && !outranks(state, actor, member.role)) return no('NotAllowed');
  if (leavesNoOwner(state, [data.user])) return no('LastOwner');
  // A member is banned under the hash they entered with, so that the key behind the hashes can change.
  const banHash = member?.banHash ?? hashOf(command, data.user);
  return state.bans.has(banHash) ? unchanged : yes({ type: 'member.banned', data: { banHash } });
}

function unban(state: Open, command: UnbanMember): Decision {
  if (state.kind === 'direct') return no('NotForThisKind', 'nobody is banned from a direct conversation');
  if (!leads(state, command.actor)) return no('NotAllowed');
  const banHash = hashOf(command, command.data.user);
  return state.bans.has(banHash) ? yes({ type: 'member.unbanned', data: { banHash } }) : unchanged;
}

function send(state: Open, { actor, at, data }: SendMessage): Decision {
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

function edit(state: Open, { actor, data }: EditMessage, target?: Target): Decision {
  const author = authorOf(state, data.seq, target);
  if (author === undefined) return no('MessageNotFound', `seq ${data.seq}`);
  if (author !== actor) return no('NotTheAuthor');
  return yes({ type: 'message.edited', data: { seq: data.seq, body: closeBody(data.body) } });
}

function erase(state: Open, { actor, data }: DeleteMessage, target?: Target): Decision {
  const author = authorOf(state, data.seq, target);
  if (author === undefined)
    return deedAt(state, data.seq)?.gone ? unchanged : no('MessageNotFound', `seq ${data.seq}`);
  if (author !== actor && !leads(state, actor)) return no('NotTheAuthor');
  return yes({ type: 'message.deleted', data: { seq: data.seq } });
}

function react(state: Open, { data }: ReactToMessage, target?: Target): Decision {
  if (authorOf(state, data.seq, target) === undefined) return no('MessageNotFound', `seq ${data.seq}`);
  return yes({
    type: 'message.reacted',
    data: { seq: data.seq, emoji: data.emoji, removed: data.remove ?? false },
  });
}

function expire(state: Open | Closed, { actor, data }: ExpireMessages): Decision {
  if (actor !== SYSTEM) return no('NotAllowed', 'messages expire by the clock alone');
  const ranges = data.ranges.filter(([from, to]) => from <= to && to <= state.revision);
  return ranges.length === 0 ? unchanged : yes({ type: 'message.expired', data: { ranges } });
}

const yes = (event: ConversationEvent): Decision => E.right(event);
const no = (tag: Refusal['tag'], detail?: string): Decision => E.left(refuse(tag, detail));
const unchanged: Decision = E.right(undefined);

const RANK: Readonly<Record<Role, number>> = { owner: 3, admin: 2, member: 1 };

const roleIn = (state: Open, user: string): Role => state.members.get(user)?.role ?? 'member';

const leads = (state: Open, user: string): boolean =>
  user === SYSTEM || RANK[roleIn(state, user)] >= RANK.admin;

/** Admins act on members, owners on everybody: also on other owners. */
const outranks = (state: Open, actor: string, role: Role): boolean =>
  roleIn(state, actor) === 'owner' || (roleIn(state, actor) === 'admin' && role === 'member');

/** Whether people would stay behind without an owner if `users`, each a member or nobody here, went. */
function leavesNoOwner(state: Open, users: readonly string[]): boolean {
  const going = users.filter((user) => state.members.has(user));
  const owners = going.filter((user) => roleIn(state, user) === 'owner').length;
  return owners > 0 && owners === state.owners && going.length < state.members.size;
}

/** @throws where the command came without the hash of someone it names: to share one would ban them all together. */
function hashOf(command: CommandOf<Command['type']>, user: string): string {
  const hash = Object.hasOwn(command.banHashes, user) ? command.banHashes[user] : undefined;
  if (hash === undefined) throw new Error(`${command.type} names ${user} without a ban hash`);
  return hash;
}

const entry = (command: CommandOf<Command['type']>, user: string, role: Role): Entry => ({
  user,
  role,
  banHash: hashOf(command, user),
});

const deedAt = (state: Conversation, seq: number): Deed | undefined => recallSeq(state.recent, seq);

function authorOf(state: Open, seq: number, target?: Target): string | undefined {
  const deed = deedAt(state, seq);
  if (deed !== undefined) return deed.type === 'message.sent' && !deed.gone ? deed.actor : undefined;
  return target === undefined || target === 'none' ? undefined : target.author;
}
