import type { Envelope } from '../log/envelope.js';
import { bodyIn } from '../sealing/closed.js';
import { type Opened, openPlain, shown } from '../sealing/opened.js';

/**
 * An event as clients get it: the envelope without what is ours alone (ban hashes, producers), with its body opened, or null and
 * `sealed` in `data` where it cannot be. `commandId` lets the sender's client know its own message again.
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

/**
 * Whether an event stands where one was that was taken out of the log since: what that was, and of whom, is not known to who hears
 * this alone.
 */
export const isHole = ({ type, seq, data }: Pick<LiveEvent, 'type' | 'seq' | 'data'>): boolean =>
  type === 'message.erased' && data.seq === seq;

/** @param opened what became of the event's body; of one that has none, undefined. */
export function liveEvent(event: Envelope, opened: Opened | undefined): LiveEvent {
  const { conversationId, seq, type, at, actor, commandId } = event;
  return { conversationId, seq, type, at, actor, commandId, data: publicData(event, opened) };
}

/** An event whose body, if it has one, never was sealed. */
export function plainLiveEvent(event: Envelope): LiveEvent {
  const closed = bodyIn(event);
  return liveEvent(event, closed && openPlain(closed.opaque));
}

function publicData(event: Envelope, opened: Opened = GONE): Readonly<Record<string, unknown>> {
  switch (event.type) {
    case 'message.sent':
    case 'message.edited':
      return { ...event.data, ...shown(opened) };
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

const GONE: Opened = { tag: 'gone' };
