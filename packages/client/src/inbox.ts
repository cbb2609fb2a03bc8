import type { LiveEvent } from '@parley/domain/wire/live';
import { isPastItsLife, withoutContent } from '@parley/domain/wire/past-its-life';
import type { ClientEvents } from './client-events.js';
import type { Listeners } from './listeners.js';
import { type LiveNotices, passage, readNotice } from './live-notices.js';
import type { Positions } from './positions.js';
import type { ServerTime } from './time/server-time.js';

/** What the server says without being asked, judged: events reach listeners once each and in order, or a resync says that they cannot. */
export type Inbox = {
  /** Takes a notification as it came off the line. */
  take(method: string, params: unknown): void;
  /** What is missing of this conversation is lost: the next event is taken as it comes. */
  lose(resync: LiveNotices['resync']): void;
};

export type InboxOptions = {
  readonly listeners: Listeners<ClientEvents>;
  readonly positions: Positions;
  readonly user: () => string;
  readonly time: ServerTime;
  /** Events are missing that a resume may bring. */
  readonly comeBack: (reason: string) => void;
};

export function createInbox({ listeners, positions, user, time, comeBack }: InboxOptions): Inbox {
  /** Where a gap was seen that made us come back: there a second time, it cannot be closed. */
  const gaps = new Map<string, number>();

  function take(method: string, params: unknown): void {
    const notice = readNotice(method, params);
    if (notice === undefined) {
      if (method.startsWith('voice.')) listeners.emit('voice', { method, params });
      return;
    }
    switch (notice.name) {
      case 'event':
        return event(notice.value);
      case 'receipts':
        return listeners.emit('receipts', notice.value);
      case 'conversation.added':
        positions.entered(notice.value.conversationId, notice.value.seq);
        return listeners.emit('conversation.added', notice.value);
      case 'resync':
        return lose(notice.value);
      case 'typing':
        return listeners.emit('typing', notice.value);
      case 'presence':
        return listeners.emit('presence', notice.value);
      case 'session.expiring':
        return listeners.emit('session.expiring', notice.value);
      default:
        return notice satisfies never;
    }
  }

  function event(live: LiveEvent): void {
    const { conversationId, seq } = live;
    const moves = passage(live, user());
    if (moves === 'enters') positions.entered(conversationId, seq);
    switch (positions.judge(conversationId, seq)) {
      case 'duplicate':
        return;
      case 'deliver':
        gaps.delete(conversationId);
        if (moves === 'exits') positions.exited(conversationId);
        time.heard(live.at);
        return listeners.emit('event', told(live));
      case 'gap': {
        const at = positions.delivered(conversationId) as number;
        if (gaps.get(conversationId) !== at) {
          gaps.set(conversationId, at);
          return comeBack(`events of ${conversationId} are missing after ${at}`);
        }
        lose({ conversationId, reason: `nothing between ${at} and ${seq} was replayed` });
        return event(live);
      }
    }
  }

  /** Nobody here is told what has ended by now, whatever the way it came. */
  const told = (live: LiveEvent): LiveEvent =>
    isPastItsLife(live, time.now()) ? withoutContent(live) : live;

  function lose(resync: LiveNotices['resync']): void {
    positions.forget(resync.conversationId);
    gaps.delete(resync.conversationId);
    if (resync.seq !== undefined) positions.entered(resync.conversationId, resync.seq + 1);
    listeners.emit('resync', resync);
  }

  return { take, lose };
}
