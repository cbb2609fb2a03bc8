import type { Envelope } from '@parley/domain/log/envelope';

/** Rows as a reader of the specification would keep them: one event after the other, without batches. */
export type Tables = {
  readonly conversation: readonly Row[];
  readonly member: readonly Row[];
  readonly ban: readonly Row[];
  readonly message: readonly Row[];
  readonly reaction: readonly Row[];
};
export type Row = Readonly<Record<string, unknown>>;

type Conversation = {
  kind: string | null;
  title: string | null;
  ttl: number | null;
  closed: boolean;
  revision: number;
  messages: number;
  lastActivityAt: number;
  readonly members: Map<string, { role: string; since: number; banHash: string }>;
  readonly bans: Set<string>;
  readonly timeline: Map<number, Message>;
};

type Message = {
  readonly ordinal: number;
  readonly author: string;
  readonly at: number;
  readonly sentAt: number | null;
  readonly replyTo: number | null;
  readonly expiresAt: number | null;
  editedAt: number | null;
  deletedAt: number | null;
  expired: boolean;
  body: string | null;
  readonly reactions: Set<string>;
};

export function naiveTables(events: readonly Envelope[]): Tables {
  const conversations = new Map<string, Conversation>();
  for (const event of events) {
    const conversation = conversations.get(event.conversationId) ?? empty();
    conversations.set(event.conversationId, conversation);
    conversation.revision = event.seq;
    apply(conversation, event);
  }
  return tablesOf(conversations);
}

const empty = (): Conversation => ({
  kind: null,
  title: null,
  ttl: null,
  closed: false,
  revision: 0,
  messages: 0,
  lastActivityAt: 0,
  members: new Map(),
  bans: new Set(),
  timeline: new Map(),
});

function apply(conversation: Conversation, event: Envelope): void {
  const { members, bans, timeline } = conversation;
  switch (event.type) {
    case 'conversation.created':
      conversation.kind ??= event.data.kind;
      conversation.title = event.data.title ?? conversation.title;
      conversation.ttl = event.data.ttl;
      conversation.lastActivityAt = Math.max(conversation.lastActivityAt, event.at);
      for (const { user, role, banHash } of event.data.members)
        members.set(user, { role, since: event.seq, banHash });
      return;
    case 'conversation.renamed':
      conversation.title = event.data.title;
      return;
    case 'conversation.ttlSet':
      conversation.ttl = event.data.ttl;
      return;
    case 'conversation.closed':
      conversation.closed = true;
      return;
    case 'member.added':
      for (const { user, role, banHash } of event.data.members)
        members.set(user, { role, since: event.seq, banHash });
      return;
    case 'member.removed':
      for (const user of event.data.users) members.delete(user);
      return;
    case 'member.left':
      members.delete(event.actor);
      return;
    case 'member.roleSet': {
      const member = members.get(event.data.user);
      if (member) member.role = event.data.role;
      return;
    }
    case 'member.banned':
      bans.add(event.data.banHash);
      for (const [user, { banHash }] of members) if (banHash === event.data.banHash) members.delete(user);
      return;
    case 'member.unbanned':
      bans.delete(event.data.banHash);
      return;
    case 'message.sent': {
      const { ordinal, body, sentAt = null, replyTo = null, expiresAt = null } = event.data;
      const { actor: author, at } = event;
      const rest = { editedAt: null, deletedAt: null, expired: false, reactions: new Set<string>() };
      timeline.set(event.seq, { ordinal, author, at, sentAt, replyTo, expiresAt, body, ...rest });
      conversation.messages = Math.max(conversation.messages, ordinal);
      conversation.lastActivityAt = Math.max(conversation.lastActivityAt, at);
      return;
    }
    case 'message.edited': {
      const message = timeline.get(event.data.seq);
      if (message === undefined || message.expired || message.deletedAt !== null) return;
      message.body = event.data.body;
      message.editedAt = event.at;
      return;
    }
    case 'message.deleted': {
      const message = timeline.get(event.data.seq);
      if (message === undefined || message.expired || message.deletedAt !== null) return;
      message.body = null;
      message.deletedAt = event.at;
      message.reactions.clear();
      return;
    }
    case 'message.reacted': {
      const message = timeline.get(event.data.seq);
      if (message === undefined || message.expired || message.deletedAt !== null) return;
      const key = `${event.data.emoji} ${event.actor}`;
      if (event.data.removed) message.reactions.delete(key);
      else message.reactions.add(key);
      return;
    }
    case 'message.expired':
      for (const [seq, message] of timeline) {
        if (!event.data.ranges.some(([from, to]) => from <= seq && seq <= to)) continue;
        message.expired = true;
        message.body = null;
        message.reactions.clear();
      }
      return;
    case 'conversation.expirySet':
    case 'conversation.held':
    case 'conversation.released':
    case 'conversation.erased':
    case 'member.erased':
    case 'message.pinned':
    case 'message.unpinned':
      return;
    case 'message.erased':
      for (const { type, at, data } of event.data.remains) {
        if (type !== 'message.sent') continue;
        conversation.messages = Math.max(conversation.messages, (data as { ordinal: number }).ordinal);
        conversation.lastActivityAt = Math.max(conversation.lastActivityAt, at);
      }
      return;
    default:
      return event satisfies never;
  }
}

function tablesOf(conversations: ReadonlyMap<string, Conversation>): Tables {
  const all = [...conversations].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    conversation: all.map(([id, { members, bans: _, timeline: __, ...own }]) => ({
      conversation_id: id,
      kind: own.kind,
      title: own.title,
      ttl: own.ttl,
      closed: own.closed,
      revision: own.revision,
      messages: own.messages,
      last_activity_at: own.lastActivityAt,
      member_count: members.size,
    })),
    member: all.flatMap(([id, { members }]) =>
      sorted(members.keys()).map((user) => {
        const { role, since, banHash } = members.get(user) as {
          role: string;
          since: number;
          banHash: string;
        };
        return { conversation_id: id, user_id: user, role, since, ban_hash: banHash };
      }),
    ),
    ban: all.flatMap(([id, { bans }]) =>
      sorted(bans).map((hash) => ({ conversation_id: id, ban_hash: hash })),
    ),
    message: all.flatMap(([id, { timeline }]) =>
      [...timeline].map(([seq, message]) => ({
        conversation_id: id,
        seq,
        ordinal: message.ordinal,
        author: message.author,
        at: message.at,
        sent_at: message.sentAt,
        reply_to: message.replyTo,
        expires_at: message.expiresAt,
        edited_at: message.editedAt,
        deleted_at: message.deletedAt,
        expired: message.expired,
        reactions: message.reactions.size,
        body: message.body,
      })),
    ),
    reaction: all.flatMap(([id, { timeline }]) =>
      [...timeline].flatMap(([seq, { reactions }]) =>
        sorted(reactions).map((key) => {
          const [emoji, user] = key.split(' ');
          return { conversation_id: id, seq, emoji, user_id: user };
        }),
      ),
    ),
  };
}

/** By their bytes, as the database sorts them. */
const sorted = (items: Iterable<string>): readonly string[] =>
  [...items].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
