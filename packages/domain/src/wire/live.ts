import type { Body } from '../conversation/body.js';
import { openBody } from '../conversation/body.js';
import type { Envelope } from '../log/envelope.js';

/**
 * An event as clients get it: the envelope without what is ours alone (ban hashes, producers), with its body opened.
 * `commandId` lets the sender's client know its own message again.
 */
export type LiveEvent = {
  readonly conversationId: string;
  readonly seq: number;
  readonly type: Envelope['type'];
  readonly at: number;
  readonly actor: string;
  readonly commandId: string;
  readonly data: Readonly<Record<string, unknown>>;
};

export function liveEvent(event: Envelope): LiveEvent {
  const { conversationId, seq, type, at, actor, commandId } = event;
  return { conversationId, seq, type, at, actor, commandId, data: publicData(event) };
}

function publicData(event: Envelope): Readonly<Record<string, unknown>> {
  switch (event.type) {
    case 'message.sent':
    case 'message.edited':
      return { ...event.data, body: openBody(event.data.body) ?? null } satisfies { body: Body | null };
    case 'conversation.created':
    case 'member.added':
      return { ...event.data, members: event.data.members.map(({ user, role }) => ({ user, role })) };
    case 'message.erased':
      return { seq: event.data.seq };
    case 'member.banned':
    case 'member.unbanned':
      return {};
    default:
      return event.data;
  }
}
