import type { TimelineItem } from '@parley/client/timeline/timeline';
import { dayNumber } from '../text/times.js';

/** What a timeline shows, one below the other. */
export type Row =
  | { readonly kind: 'day'; readonly key: string; readonly at: number }
  | { readonly kind: 'new'; readonly key: string }
  | {
      readonly kind: 'message';
      readonly key: string;
      readonly item: TimelineItem;
      /** First and last of a run of messages by one author. */
      readonly begins: boolean;
      readonly ends: boolean;
    };

/** Messages of one author this close together, in ms, are one group. */
const CLOSE_MS = 5 * 60_000;

/** When a message was written: an imported one says so itself. */
export const writtenAt = ({ sentAt, at }: Pick<TimelineItem, 'sentAt' | 'at'>): number => sentAt ?? at;

/** Days, groups and the line above what is new after `newAfter`; undefined for no such line. */
export function rowsOf(items: readonly TimelineItem[], newAfter: number | undefined): readonly Row[] {
  const firstNew =
    newAfter === undefined
      ? -1
      : items.findIndex(({ isMine, seq }) => !isMine && seq !== undefined && seq > newAfter);
  const isNewDay = (index: number): boolean => {
    const [before, item] = [items[index - 1], items[index]];
    return item !== undefined && (before === undefined || !areSameDay(before, item));
  };
  const begins = (index: number): boolean =>
    index >= items.length ||
    isNewDay(index) ||
    index === firstNew ||
    !areClose(items[index - 1], items[index]);
  return items.flatMap((item, index): readonly Row[] => [
    ...(isNewDay(index) ? [{ kind: 'day', key: `day-${item.key}`, at: writtenAt(item) } as const] : []),
    ...(index === firstNew ? [{ kind: 'new', key: 'new' } as const] : []),
    { kind: 'message', key: item.key, item, begins: begins(index), ends: begins(index + 1) },
  ]);
}

const areSameDay = (a: TimelineItem, b: TimelineItem): boolean =>
  dayNumber(writtenAt(a)) === dayNumber(writtenAt(b));

function areClose(a: TimelineItem | undefined, b: TimelineItem | undefined): boolean {
  if (a === undefined || b === undefined || a.author !== b.author || isEmote(a) || isEmote(b)) return false;
  return writtenAt(b) - writtenAt(a) < CLOSE_MS;
}

const isEmote = ({ body }: TimelineItem): boolean => body?.kind === 'text' && body.emote === true;
