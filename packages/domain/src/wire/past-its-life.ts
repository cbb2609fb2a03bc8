import { isOver } from '../conversation/access.js';
import type { LiveEvent } from './live.js';

/** An event by what matters here: as the log has it, or as clients get it. */
type Told = Pick<LiveEvent, 'type' | 'data'>;

/** When, in ms, what an event tells of a message may not be told any more; undefined where it always may. */
export function endOf({ type, data }: Told): number | undefined {
  switch (type) {
    case 'message.sent':
    case 'message.edited':
    case 'message.reacted':
      return data.expiresAt as number | undefined;
    default:
      return undefined;
  }
}

/** Whether the life of the message that an event tells of is over at the time `now`, in ms. */
export const isPastItsLife = (event: Told, now: number): boolean => isOver(endOf(event), now);

/** The event without what it said. Its place stays: seqs are dense, and whoever follows them must miss none. */
export function withoutContent<A extends Told>(event: A): A {
  switch (event.type) {
    case 'message.sent':
    case 'message.edited':
      return { ...event, data: { ...event.data, body: null, sealed: 'gone' } };
    case 'message.reacted': {
      const { emoji: _, ...rest } = event.data;
      return { ...event, data: { ...rest, sealed: 'gone' } };
    }
    default:
      return event;
  }
}
