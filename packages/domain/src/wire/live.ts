import type { Entry } from '../conversation/vocabulary.js';
import type { Envelope } from '../log/envelope.js';
import { closedIn } from '../sealing/closed.js';
import { type Opened, openPlain, shown, shownTitle } from '../sealing/opened.js';

/**
 * An event as clients get it: the envelope without what is ours alone (ban hashes, producers), with its body or title opened. Where
 * that cannot be, the body is null, the title left out, and `data.sealed` says why. `commandId` lets the sender's client know its own message again.
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

/** @param opened what became of the event's body or title; of one that has none, undefined. */
export function liveEvent(event: Envelope, opened: Opened | undefined): LiveEvent {
  const { conversationId, seq, type, at, actor, commandId } = event;
  return { conversationId, seq, type, at, actor, commandId, data: publicData(event, opened) };
}

/** An event whose body or title, if it has one, never was sealed. */
export function plainLiveEvent(event: Envelope): LiveEvent {
  const closed = closedIn(event);
  return liveEvent(event, closed && openPlain(closed.opaque));
}

function publicData(event: Envelope, opened: Opened = GONE): Readonly<Record<string, unknown>> {
  switch (event.type) {
    case 'message.sent':
    case 'message.edited':
      return { ...event.data, ...shown(opened) };
    case 'conversation.created': {
      const { title, members, ...rest } = event.data;
      return { ...rest, members: members.map(toView), ...(title === undefined ? {} : shownTitle(opened)) };
    }
    case 'conversation.renamed':
      return shownTitle(opened);
    case 'member.added':
      return { members: event.data.members.map(toView) };
    case 'message.erased':
      return { seq: event.data.seq };
    case 'member.banned':
    case 'member.unbanned':
      return {};
    default:
      return event.data;
  }
}

const toView = ({ user, role }: Entry) => ({ user, role });

const GONE: Opened = { tag: 'gone' };
