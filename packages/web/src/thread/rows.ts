import type { CallEntry, TimelineItem, TimelineSnapshot } from '@parley/client/timeline/timeline';
import { dayNumber } from '../text/times.js';

export type Note = TimelineSnapshot['notes'][number];

/** What a timeline shows, one below the other. */
export type Row =
  | { readonly kind: 'day'; readonly key: string; readonly at: number }
  | { readonly kind: 'new'; readonly key: string }
  | { readonly kind: 'note'; readonly key: string; readonly note: Note }
  | { readonly kind: 'call'; readonly key: string; readonly call: CallEntry }
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

type Between = { readonly note: Note } | { readonly call: CallEntry };
type Entry = { readonly item: TimelineItem } | Between;

/** Days, groups, notes, calls and the line above what is new after `newAfter`; undefined for no such line. */
export function rowsOf(
  items: readonly TimelineItem[],
  newAfter: number | undefined,
  notes: readonly Note[] = [],
  calls: readonly CallEntry[] = [],
): readonly Row[] {
  const firstNew =
    newAfter === undefined
      ? undefined
      : items.find(({ isMine, seq }) => !isMine && seq !== undefined && seq > newAfter);
  const entries = merged(items, notes, calls);
  const isNewDay = (index: number): boolean => {
    const [before, entry] = [entries[index - 1], entries[index]];
    return (
      entry !== undefined && (before === undefined || dayNumber(atOf(before)) !== dayNumber(atOf(entry)))
    );
  };
  const begins = (index: number): boolean => {
    const [before, entry] = [entries[index - 1], entries[index]];
    if (entry === undefined || isNewDay(index)) return true;
    if (before === undefined || !('item' in before) || !('item' in entry)) return true;
    return entry.item === firstNew || !areClose(before.item, entry.item);
  };
  return entries.flatMap((entry, index): readonly Row[] => {
    const key = keyOf(entry);
    const day: readonly Row[] = isNewDay(index) ? [{ kind: 'day', key: `day-${key}`, at: atOf(entry) }] : [];
    if ('note' in entry) return [...day, { kind: 'note', key, note: entry.note }];
    if ('call' in entry) return [...day, { kind: 'call', key, call: entry.call }];
    return [
      ...day,
      ...(entry.item === firstNew ? [{ kind: 'new', key: 'new' } as const] : []),
      { kind: 'message', key, item: entry.item, begins: begins(index), ends: begins(index + 1) },
    ];
  });
}

/** Notes of what lies within a window, each before the first message that came after it. */
export function notesWithin(
  notes: readonly Note[],
  { items, hasOlder, hasNewer }: Pick<TimelineSnapshot, 'items' | 'hasOlder' | 'hasNewer'>,
): readonly Note[] {
  const seqs = items.flatMap(({ seq }) => seq ?? []);
  const from = hasOlder ? (seqs[0] ?? Number.POSITIVE_INFINITY) : 0;
  const to = hasNewer ? (seqs.at(-1) ?? 0) : Number.POSITIVE_INFINITY;
  return notes.filter(({ seq }) => seq > from && seq < to);
}

function merged(
  items: readonly TimelineItem[],
  notes: readonly Note[],
  calls: readonly CallEntry[],
): readonly Entry[] {
  const left: Between[] = [...notes.map((note) => ({ note })), ...calls.map((call) => ({ call }))].sort(
    (one, other) => seqOf(one) - seqOf(other),
  );
  const entries: Entry[] = [];
  let next = 0;
  for (const item of items) {
    for (
      let entry = left[next];
      entry !== undefined && seqOf(entry) < (item.seq ?? Infinity);
      entry = left[++next]
    )
      entries.push(entry);
    entries.push({ item });
  }
  return [...entries, ...left.slice(next)];
}

const seqOf = (entry: Between): number => ('note' in entry ? entry.note.seq : entry.call.seq);

function keyOf(entry: Entry): string {
  if ('item' in entry) return entry.item.key;
  return 'note' in entry ? `note-${entry.note.seq}` : `call-${entry.call.seq}`;
}

function atOf(entry: Entry): number {
  if ('item' in entry) return writtenAt(entry.item);
  return 'note' in entry ? entry.note.at : entry.call.at;
}

function areClose(a: TimelineItem, b: TimelineItem): boolean {
  if (a.author !== b.author || isEmote(a) || isEmote(b)) return false;
  return writtenAt(b) - writtenAt(a) < CLOSE_MS;
}

const isEmote = ({ body }: TimelineItem): boolean => body?.kind === 'text' && body.emote === true;
