import type { LiveEvent } from '@parley/domain/wire/live';
import type { Core } from '../core.js';
import { type CallLog, gapsIn, noCalls, type Range, withCallEvent, withCalls, withNow } from './call-log.js';
import type { CallEntry } from './timeline.js';
import type { Window } from './window.js';

/** Keeps the calls of what a window shows. */
export type CallLoader = {
  /** Calls between the messages of the window, oldest first; the same array until one changes. */
  within(window: Window): readonly CallEntry[];
  /** The window has read a page, or all of it anew: asks for the calls of what is not known, one list for each page. */
  look(window: Window, isAnew: boolean): void;
  onEvent(event: LiveEvent): void;
  close(): void;
};

/** Calls asked for at once, and lists for one gap: a window has 200 messages. */
const LIMIT = 100;
const MAX_LISTS = 5;

/** Calls kept; of more, those of the window alone are. */
const MAX_ENTRIES = 500;

/** Events kept that rows may not have seen yet when they are asked. */
const MAX_EVENTS = 200;

/** Milliseconds until the end of a call is asked for again that the log knows and the rows do not yet, and how often. */
const BEHIND_MS = 1_000;
const MAX_BEHIND = 5;

export function createCallLoader(core: Core, conversationId: string, onChange: () => void): CallLoader {
  let log: CallLog = noCalls;
  let events: readonly LiveEvent[] = [];
  let shown: Range = { from: 1, to: 0 };
  /** Counts what was asked for anew: answers to earlier questions are late. */
  let job = 0;
  let behind = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let isLoading = false;
  let last:
    | { readonly log: CallLog; readonly range: Range; readonly calls: readonly CallEntry[] }
    | undefined;

  function set(next: CallLog): void {
    if (next === log) return;
    log = next;
    onChange();
  }

  /** Asks for one gap after the other; what fails is asked for when the window moves, or with the next session. */
  async function load(): Promise<void> {
    if (isLoading || core.state().tag !== 'open') return;
    isLoading = true;
    const mine = job;
    try {
      for (let gap = gapsIn(log, shown).at(-1); gap !== undefined; gap = gapsIn(log, shown).at(-1)) {
        await (gap.to === END ? loadEnd(gap) : loadGap(gap));
        if (mine !== job) break;
      }
    } catch {
      // Calls are told beside messages: without them a timeline is what it was.
    } finally {
      isLoading = false;
    }
    if (mine !== job) await load();
  }

  /** The end of the log: rows may be behind what goes on, or not be there yet, so the log is asked for that; and events go on from there. */
  async function loadEnd(gap: Range): Promise<void> {
    const mine = job;
    const listing = listed(gap);
    const [calls, now] = await Promise.all([
      listing.catch(() => undefined),
      core.call('call.get', { conversationId }),
    ]);
    if (mine !== job) return;
    let next = withNow(calls ? withCalls(log, gap, calls, core.user()) : log, now, core.user());
    for (const event of events) next = withCallEvent(next, event, core.user());
    set(next);
    // What is over is asked for again, as after any refusal.
    if (calls === undefined) return void (await listing);
    const going = now.call?.call;
    const isBehind =
      calls.some(({ call, endedAt }) => endedAt === undefined && call !== going) ||
      (going !== undefined && going >= gap.from && !calls.some(({ call }) => call === going));
    if (isBehind && behind++ < MAX_BEHIND) retry = setTimeout(anew, BEHIND_MS);
    else behind = 0;
  }

  async function loadGap(gap: Range): Promise<void> {
    const mine = job;
    const calls = await listed(gap);
    if (mine === job) set(withCalls(log, gap, calls, core.user()));
  }

  async function listed({ from, to }: Range) {
    const calls = [];
    let before = to === END ? undefined : to + 1;
    for (let lists = 0; lists < MAX_LISTS; lists++) {
      const place = { after: from - 1, ...(before === undefined ? {} : { before }), limit: LIMIT };
      const page = await core.call('call.list', { conversationId, ...place });
      calls.push(...page.calls);
      before = page.calls.at(-1)?.call;
      if (!page.hasMore || before === undefined) break;
    }
    return calls;
  }

  /** Whatever was missed: what is known stays to be seen until it is known better. */
  function anew(): void {
    clearTimeout(retry);
    retry = undefined;
    job++;
    log = { ...log, covered: [], ongoing: undefined, revision: 0 };
    void load();
  }

  const offOpen = core.on('state', ({ tag }) => {
    if (tag === 'open') void load();
  });

  return {
    within(window) {
      const range = rangeOf(window);
      if (last?.log === log && last.range.from === range.from && last.range.to === range.to)
        return last.calls;
      const found = log.entries.filter(({ seq }) => seq >= range.from && seq <= range.to);
      const isSame =
        found.length === last?.calls.length && found.every((each, index) => each === last?.calls[index]);
      last = { log, range, calls: isSame && last !== undefined ? last.calls : found };
      return last.calls;
    },
    look(window, isAnew) {
      shown = rangeOf(window);
      if (log.entries.length > MAX_ENTRIES) log = { ...log, entries: [], covered: [] };
      if (isAnew) return anew();
      void load();
    },
    onEvent(event) {
      if (!CONCERNED.test(event.type)) return;
      events = [...events, event].slice(-MAX_EVENTS);
      // Who is banned is named by a hash that clients are not told.
      if (event.type === 'member.banned' && log.ongoing !== undefined) return anew();
      if (log.revision > 0) set(withCallEvent(log, event, core.user()));
    },
    close() {
      job++;
      shown = { from: 1, to: 0 };
      clearTimeout(retry);
      offOpen();
    },
  };
}

const END = Number.POSITIVE_INFINITY;

const CONCERNED = /^call\.|^member\.(removed|left|banned|erased)$|^conversation\.(closed|erased)$/;

const rangeOf = ({ isRead, from, to = END }: Window): Range => (isRead ? { from, to } : { from: 1, to: 0 });
