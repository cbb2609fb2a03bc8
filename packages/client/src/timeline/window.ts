import type { LiveEvent } from '@parley/domain/wire/live';
import type { MessagePage, MessageView } from '@parley/domain/wire/views';
import { changedRow, type Row, sentView } from './row.js';

export type Loading = 'nothing' | 'first' | 'older' | 'newer' | 'again';

/**
 * A run of a conversation's messages without holes: all those from `from` on that can be read, up to `to` or, without it, up to the
 * newest one. `revision` is the seq of the newest event that its end takes in.
 */
export type Window = {
  readonly rows: readonly Row[];
  readonly from: number;
  readonly to: number | undefined;
  readonly revision: number;
  readonly loading: Loading;
  /** Events since the page that is loading was asked for: it may not have seen them. */
  readonly held: readonly LiveEvent[];
  /** Events are missing: it has to be read anew. */
  readonly isStale: boolean;
  readonly isRead: boolean;
  /** The newest message that was seen. While that is near the end, a full window follows the newest messages. */
  readonly seen: number;
  /** Keys of messages that were shown before they had a seq. */
  readonly keys: ReadonlyMap<number, string>;
};

export type WindowBounds = { readonly user: string; readonly windowSize: number; readonly pageSize: number };

export type WindowInput =
  | { readonly tag: 'asked'; readonly what: Exclude<Loading, 'nothing'> }
  /** The newest page. */
  | { readonly tag: 'newest'; readonly page: MessagePage }
  /** The pages before and from a place in the middle, which is a seq. */
  | {
      readonly tag: 'around';
      readonly place: number;
      readonly older: MessagePage;
      readonly newer: MessagePage;
    }
  | { readonly tag: 'older' | 'newer'; readonly page: MessagePage }
  /** Messages of the window read again: what is between the seqs and not on the page is gone. */
  | { readonly tag: 'reread'; readonly from: number; readonly to: number; readonly page: MessagePage }
  | { readonly tag: 'failed' | 'stale' }
  | { readonly tag: 'event'; readonly event: LiveEvent }
  | { readonly tag: 'seen'; readonly seq: number }
  /** A message that was shown under a key is this one. */
  | { readonly tag: 'named'; readonly seq: number; readonly key: string }
  | { readonly tag: 'due'; readonly now: number };

export const emptyWindow: Window = {
  rows: [],
  from: 1,
  to: undefined,
  revision: 0,
  loading: 'nothing',
  held: [],
  isStale: false,
  isRead: false,
  seen: 0,
  keys: new Map(),
};

/** Events held while a page is loading; more than that, and the window is read anew. */
const MAX_HELD = 2_000;

/** Keys remembered of messages that have been on their way; the oldest is forgotten. */
const MAX_KEYS = 1_000;

export const hasOlder = ({ from, isRead }: Window): boolean => isRead && from > 1;
export const hasNewer = ({ to }: Window): boolean => to !== undefined;

/** The window after an input. Total: what is late, double or not about it changes nothing. */
export function foldWindow(window: Window, input: WindowInput, bounds: WindowBounds): Window {
  switch (input.tag) {
    case 'asked':
      // What is missed from here on makes even what is being read stale.
      return { ...window, loading: input.what, held: [], isStale: window.isStale && !isWhole(input.what) };
    case 'failed':
      return { ...window, loading: 'nothing', held: [], isStale: window.isStale || isWhole(window.loading) };
    case 'stale':
      return { ...window, isStale: true };
    case 'newest':
      return replaced(window, input.page.messages, fromOf(input.page), undefined, input.page, bounds);
    case 'around': {
      const { older, newer } = input;
      const messages = [...older.messages, ...newer.messages];
      const revisions = older.messages.map(() => older.revision);
      const to = newer.hasMore ? messages.at(-1)?.seq : undefined;
      const next = replaced(window, messages, fromOf(older, newer), to, newer, bounds, revisions);
      // What was sent before the place and after the older page was read is on neither.
      return next !== window && older.revision < input.place - 1 ? { ...next, isStale: true } : next;
    }
    case 'older':
      return window.loading === 'older'
        ? caughtUp(withOlder(window, input.page, bounds), window.held, bounds)
        : window;
    case 'newer':
      return window.loading === 'newer'
        ? caughtUp(withNewer(window, input.page, bounds), window.held, bounds)
        : window;
    case 'reread':
      return withReread(window, input);
    case 'event':
      return withEvent(hold(window, input.event), input.event, bounds);
    case 'seen':
      return input.seq > window.seen ? { ...window, seen: input.seq } : window;
    case 'named':
      return withKey(window, input.seq, input.key);
    case 'due':
      return without(window, ({ view }) => view.expiresAt !== undefined && view.expiresAt <= input.now);
    default:
      return input satisfies never;
  }
}

/** Whether a load replaces the window. */
const isWhole = (loading: Loading): boolean => loading === 'first' || loading === 'again';

/** The first seq a page covers: the first of all where nothing is before it. */
function fromOf(page: MessagePage, next?: MessagePage): number {
  if (!page.hasMore) return 1;
  return (page.messages[0] ?? next?.messages[0])?.seq ?? 1;
}

function replaced(
  window: Window,
  messages: readonly MessageView[],
  from: number,
  to: number | undefined,
  { revision }: MessagePage,
  bounds: WindowBounds,
  revisions: readonly number[] = [],
): Window {
  if (window.loading !== 'first' && window.loading !== 'again') return window;
  const rows = messages.map((view, index) => rowOf(window, view, revisions[index] ?? revision));
  const isStale = window.isStale || window.held.length >= MAX_HELD;
  const next: Window = {
    ...window,
    rows,
    from,
    to,
    revision,
    loading: 'nothing',
    held: [],
    isRead: true,
    isStale,
  };
  return caughtUp(next, window.held, bounds);
}

function withOlder(window: Window, page: MessagePage, { windowSize }: WindowBounds): Window {
  const fresh = page.messages
    .filter(({ seq }) => seq < window.from)
    .map((view) => rowOf(window, view, page.revision));
  const rows = [...fresh, ...window.rows];
  const from = page.hasMore ? (fresh[0]?.view.seq ?? window.from) : 1;
  const next: Window = { ...window, rows, from, loading: 'nothing', held: [] };
  if (rows.length <= windowSize) return next;
  const kept = rows.slice(0, windowSize);
  return { ...next, rows: kept, to: kept.at(-1)?.view.seq };
}

function withNewer(window: Window, page: MessagePage, { windowSize }: WindowBounds): Window {
  const { to } = window;
  if (to === undefined) return { ...window, loading: 'nothing', held: [] };
  const fresh = page.messages.filter(({ seq }) => seq > to).map((view) => rowOf(window, view, page.revision));
  const rows = [...window.rows, ...fresh];
  const next: Window = {
    ...window,
    rows,
    to: page.hasMore ? (rows.at(-1)?.view.seq ?? to) : undefined,
    revision: page.hasMore ? window.revision : page.revision,
    loading: 'nothing',
    held: [],
    isStale: window.isStale || window.held.length >= MAX_HELD,
  };
  return fromEnd(next, windowSize);
}

/** At most so many rows, the oldest let go of. */
function fromEnd(window: Window, windowSize: number): Window {
  if (window.rows.length <= windowSize) return window;
  const rows = window.rows.slice(-windowSize);
  return { ...window, rows, from: rows[0]?.view.seq ?? window.from };
}

const hold = (window: Window, event: LiveEvent): Window =>
  window.loading === 'nothing' || window.held.length >= MAX_HELD
    ? window
    : { ...window, held: [...window.held, event] };

const caughtUp = (window: Window, held: readonly LiveEvent[], bounds: WindowBounds): Window =>
  held.reduce((next, event) => withEvent(next, event, bounds), window);

function withEvent(window: Window, event: LiveEvent, bounds: WindowBounds): Window {
  if (!window.isRead) return window;
  const changed = withChange(window, event, bounds.user);
  if (window.to !== undefined || event.seq <= window.revision) return changed;
  if (event.seq > window.revision + 1) return { ...changed, isStale: true };
  const next = { ...changed, revision: event.seq };
  return event.type === 'message.sent' ? withSent(next, event, bounds) : next;
}

/** A full window follows only while its end is being looked at: else what is being read would be taken away. */
function withSent(window: Window, event: LiveEvent, { user, windowSize, pageSize }: WindowBounds): Window {
  const { rows } = window;
  // Of two pages around a place the older one may have seen more.
  if ((rows.at(-1)?.view.seq ?? 0) >= event.seq) return window;
  const isFollowed = event.actor === user || window.seen >= (rows.at(-pageSize)?.view.seq ?? 0);
  if (rows.length >= windowSize && !isFollowed) return { ...window, to: rows.at(-1)?.view.seq };
  const row = { key: keyOf(window, event.seq), view: sentView(event), asOf: event.seq };
  return fromEnd({ ...window, rows: [...rows, row] }, windowSize);
}

function withChange(window: Window, event: LiveEvent, user: string): Window {
  if (event.type === 'message.expired') {
    const ranges = event.data.ranges as readonly (readonly [number, number])[];
    const isGone = ({ view: { seq } }: Row): boolean =>
      seq < event.seq && ranges.some(([from, to]) => from <= seq && seq <= to);
    return without(window, isGone);
  }
  const index = indexOf(window.rows, event.data.seq as number | undefined);
  const row = window.rows[index];
  if (row === undefined) return window;
  const next = changedRow(row, event, user);
  return next === row ? window : { ...window, rows: window.rows.with(index, next) };
}

function withReread(window: Window, { from, to, page }: Extract<WindowInput, { tag: 'reread' }>): Window {
  const read = new Map(page.messages.map((view) => [view.seq, view]));
  const rows = window.rows.flatMap((row) => {
    const { seq } = row.view;
    if (seq < from || seq > to || row.asOf > page.revision) return [row];
    const view = read.get(seq);
    return view === undefined ? [] : [{ key: row.key, view, asOf: page.revision }];
  });
  return { ...window, rows };
}

function without(window: Window, isGone: (row: Row) => boolean): Window {
  const rows = window.rows.filter((row) => !isGone(row));
  return rows.length === window.rows.length ? window : { ...window, rows };
}

function withKey(window: Window, seq: number, key: string): Window {
  if (window.keys.get(seq) === key) return window;
  const keys = new Map(window.keys).set(seq, key);
  const [oldest] = keys.keys();
  if (keys.size > MAX_KEYS && oldest !== undefined) keys.delete(oldest);
  return { ...window, keys };
}

/**
 * What a page says, even where more was known: events were perhaps missed before that, and those since are held and applied again.
 * What did not change stays the same object, so that nothing is rendered again.
 */
function rowOf(window: Window, view: MessageView, revision: number): Row {
  const known = window.rows[indexOf(window.rows, view.seq)];
  const isSame = known !== undefined && JSON.stringify(known.view) === JSON.stringify(view);
  return { key: known?.key ?? keyOf(window, view.seq), view: isSame ? known.view : view, asOf: revision };
}

const keyOf = ({ keys }: Window, seq: number): string => keys.get(seq) ?? String(seq);

/** Rows are in the order of their seqs. -1 where there is none of this seq. */
export function indexOf(rows: readonly Row[], seq: number | undefined): number {
  if (seq === undefined) return -1;
  let low = 0;
  let high = rows.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const at = (rows[middle] as Row).view.seq;
    if (at === seq) return middle;
    if (at < seq) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
