import type { MessagePage, MessageView } from '@parley/domain/wire/views';
import { indexOf, type Row } from './row.js';
import type { Loading, Window, WindowBounds, WindowInput } from './window.js';

/** Events held while a page is loading; more than that, and the window is read anew. */
export const MAX_HELD = 2_000;

/** Whether a load replaces the window. */
export const isWhole = (loading: Loading): boolean => loading === 'first' || loading === 'again';

/** After the newest page. A late one, of a load that has been given up, changes nothing; nor do those below. */
export function withNewest(window: Window, page: MessagePage): Window {
  return isWhole(window.loading) ? replaced(window, page.messages, fromOf(page), undefined, page) : window;
}

/** After the pages before and from a place. What was sent before it and after the older one was read is on neither. */
export function withAround(
  window: Window,
  { place, older, newer }: Extract<WindowInput, { tag: 'around' }>,
): Window {
  if (!isWhole(window.loading)) return window;
  const messages = [...older.messages, ...newer.messages];
  const to = newer.hasMore ? messages.at(-1)?.seq : undefined;
  const revisions = older.messages.map(() => older.revision);
  const next = replaced(window, messages, fromOf(older, newer), to, newer, revisions);
  return older.revision < place - 1 ? { ...next, isStale: true } : next;
}

function replaced(
  window: Window,
  messages: readonly MessageView[],
  from: number,
  to: number | undefined,
  { revision }: MessagePage,
  revisions: readonly number[] = [],
): Window {
  const rows = messages.map((view, index) => rowOf(window, view, revisions[index] ?? revision));
  const isStale = window.isStale || window.held.length >= MAX_HELD;
  return {
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
}

export function withOlder(window: Window, page: MessagePage, { windowSize }: WindowBounds): Window {
  if (window.loading !== 'older') return window;
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

export function withNewer(window: Window, page: MessagePage, { windowSize }: WindowBounds): Window {
  if (window.loading !== 'newer') return window;
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

/** After some of its messages were read again: what is between and not on the page is gone. */
export function withReread(
  window: Window,
  { from, to, page }: Extract<WindowInput, { tag: 'reread' }>,
): Window {
  const read = new Map(page.messages.map((view) => [view.seq, view]));
  const rows = window.rows.flatMap((row) => {
    const { seq } = row.view;
    if (seq < from || seq > to || row.asOf > page.revision) return [row];
    const view = read.get(seq);
    return view === undefined ? [] : [{ key: row.key, view, asOf: page.revision }];
  });
  return { ...window, rows };
}

/** At most so many rows, the oldest let go of. */
export function fromEnd(window: Window, windowSize: number): Window {
  if (window.rows.length <= windowSize) return window;
  const rows = window.rows.slice(-windowSize);
  return { ...window, rows, from: rows[0]?.view.seq ?? window.from };
}

/** The first seq a page covers: the first of all where nothing is before it. */
function fromOf(page: MessagePage, next?: MessagePage): number {
  if (!page.hasMore) return 1;
  return (page.messages[0] ?? next?.messages[0])?.seq ?? 1;
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

export const keyOf = ({ keys }: Window, seq: number): string => keys.get(seq) ?? String(seq);
