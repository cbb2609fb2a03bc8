import { isOver } from '../conversation/access.js';
import type { Envelope } from '../log/envelope.js';
import type { LiveEvent } from './live.js';

/** Whether what an event tells of a message may not be told any more at the time `now`, in ms: the message's life is over. */
export function isPastItsLife(event: Envelope, now: number): boolean {
  switch (event.type) {
    case 'message.sent':
    case 'message.edited':
    case 'message.reacted':
      return isOver(event.data.expiresAt, now);
    default:
      return false;
  }
}

/** The event without what it said. Its place stays: seqs are dense, and whoever follows them must miss none. */
export function withoutContent(live: LiveEvent): LiveEvent {
  switch (live.type) {
    case 'message.sent':
    case 'message.edited':
      return { ...live, data: { ...live.data, body: null, sealed: 'gone' } };
    case 'message.reacted': {
      const { emoji: _, ...rest } = live.data;
      return { ...live, data: { ...rest, sealed: 'gone' } };
    }
    default:
      return live;
  }
}
