import { isOver } from '@parley/domain/conversation/access';
import { covers } from '@parley/domain/conversation/covers';
import type { LiveEvent } from '@parley/domain/wire/live';
import type { MessagePage } from '@parley/domain/wire/views';
import type { EventData } from '../event-data.js';
import { changedRow, deleted, indexOf, type Row, sentView } from './row.js';
import {
  fromEnd,
  isWhole,
  keyOf,
  MAX_HELD,
  withAround,
  withNewer,
  withNewest,
  withOlder,
  withReread,
} from './window-pages.js';

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
      return caughtUp(withNewest(window, input.page), window.held, bounds);
    case 'around':
      return caughtUp(withAround(window, input), window.held, bounds);
    case 'older':
      return caughtUp(withOlder(window, input.page, bounds), window.held, bounds);
    case 'newer':
      return caughtUp(withNewer(window, input.page, bounds), window.held, bounds);
    case 'reread':
      return withReread(window, input);
    case 'event':
      return withEvent(hold(window, input.event), input.event, bounds);
    case 'seen':
      return input.seq > window.seen ? { ...window, seen: input.seq } : window;
    case 'named':
      return withKey(window, input.seq, input.key);
    case 'due':
      return without(window, ({ view }) => isOver(view.expiresAt, input.now));
    default:
      return input satisfies never;
  }
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
  switch (event.type) {
    case 'message.expired': {
      const ranges = event.data.ranges as EventData['ranges'];
      const isGone = ({ view: { seq } }: Row): boolean => seq < event.seq && covers(ranges, seq);
      return without(window, isGone);
    }
    case 'member.erased':
      return withoutPerson(window, event);
    case 'conversation.erased':
      return { ...window, rows: [], held: [] };
    default:
      return withChanged(window, event, user);
  }
}

/** What a person wrote is deleted; a page counts reactions, so where they may have reacted it is read again. */
function withoutPerson(window: Window, { seq, at, data }: LiveEvent): Window {
  const rows = window.rows.map((row): Row => {
    const { key, asOf, view } = row;
    if (asOf >= seq) return row;
    if (view.author === data.user && view.deletedAt === undefined)
      return { key, asOf: seq, view: deleted(view, at) };
    return view.reactions === undefined ? row : { ...row, isDoubtful: true };
  });
  return { ...window, rows };
}

function withChanged(window: Window, event: LiveEvent, user: string): Window {
  const index = indexOf(window.rows, event.data.seq as number | undefined);
  const row = window.rows[index];
  if (row === undefined) return window;
  const next = changedRow(row, event, user);
  return next === row ? window : { ...window, rows: window.rows.with(index, next) };
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
