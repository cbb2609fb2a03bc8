import type { ConversationDetail } from '@parley/domain/wire/views';
import { backoffMs } from '../backoff.js';
import type { Core } from '../core.js';
import { asRefusal } from '../refusal-error.js';
import { createStore, type OwnStore } from '../store.js';
import { NO_READERS, type Readers, readersOf } from '../timeline/ticks.js';
import { foldDetail } from './detail.js';

export type Watermark = { readonly delivered: number; readonly read: number };

/** Members of a conversation and how far each has come: one for all who look at it. */
export type Roster = {
  readonly store: OwnStore<RosterSnapshot>;
  /** Asks for it anew, whatever is known. @throws RefusalError */
  refresh(): Promise<ConversationDetail>;
  loadMoreMembers(): Promise<void>;
  /** Those whose watermarks say how far my messages have come. */
  readers(): Readers;
};

export type RosterSnapshot = {
  readonly detail: ConversationDetail | undefined;
  readonly watermarks: ReadonlyMap<string, Watermark>;
};

export type Rosters = {
  /** Kept up until each of those who opened it has closed it. */
  open(conversationId: string): { readonly roster: Roster; close(): void };
};

/** Members asked for at once, and kept together when a longer list is asked for anew. */
const PAGE = 200;
const MAX_PAGE = 1_000;

/** Between two questions to a server that had not seen everything, or did not answer. */
const AGAIN = { baseMs: 1_000, capMs: 30_000 };

export function createRosters(core: Core): Rosters {
  const open = new Map<string, { readonly roster: Roster; readonly end: () => void; users: number }>();
  return {
    open(conversationId) {
      const entry = open.get(conversationId) ?? { ...openRoster(core, conversationId), users: 0 };
      open.set(conversationId, entry);
      entry.users++;
      let isClosed = false;
      return {
        roster: entry.roster,
        close() {
          if (isClosed) return;
          isClosed = true;
          if (--entry.users > 0) return;
          entry.end();
          open.delete(conversationId);
        },
      };
    },
  };
}

function openRoster(core: Core, conversationId: string): { roster: Roster; end: () => void } {
  let detail: ConversationDetail | undefined;
  const watermarks = new Map<string, Watermark>();
  let readers: Readers | undefined;
  let isAsking = false;
  /** Something has changed since it was asked. */
  let isLate = false;
  let isEnded = false;
  let tries = 0;
  /** The newest event that came while nothing was known. */
  let missed = 0;
  let again: ReturnType<typeof setTimeout> | undefined;

  const store = createStore<RosterSnapshot>(() => ({ detail, watermarks: new Map(watermarks) }));

  function changed(): void {
    readers = undefined;
    store.changed();
  }

  function mark(user: string, { delivered = 0, read = 0 }: Partial<Watermark>): void {
    const before = watermarks.get(user) ?? { delivered: 0, read: 0 };
    watermarks.set(user, {
      delivered: Math.max(before.delivered, delivered),
      read: Math.max(before.read, read),
    });
  }

  function take(answer: ConversationDetail): ConversationDetail {
    if (detail === undefined || answer.revision >= detail.revision) detail = answer;
    for (const member of answer.members) mark(member.user, member);
    changed();
    return detail;
  }

  async function refresh(): Promise<ConversationDetail> {
    const membersLimit = Math.min(MAX_PAGE, Math.max(PAGE, detail?.members.length ?? 0));
    const answer = await core.call('conversation.get', { conversationId, membersLimit });
    if ((answer.behind ?? 0) > 0) askAgain();
    else tries = 0;
    const known = take(answer);
    if (known.revision < missed) {
      missed = 0;
      refreshSoon();
    }
    return known;
  }

  function askAgain(): void {
    clearTimeout(again);
    if (!isEnded) again = setTimeout(refreshSoon, backoffMs(++tries, Math.random(), AGAIN));
  }

  /** Where that fails, or the server is behind, it is asked again, ever more seldom; after the next break at once. */
  function refreshSoon(): void {
    if (isAsking) {
      isLate = true;
      return;
    }
    clearTimeout(again);
    if (isEnded || core.state().tag !== 'open') return;
    isAsking = true;
    isLate = false;
    void refresh()
      .catch((error) => {
        if (asRefusal(error).retryable) askAgain();
      })
      .finally(() => {
        isAsking = false;
        if (isLate) refreshSoon();
      });
  }

  const offs = [
    core.on('event', (event) => {
      if (event.conversationId !== conversationId) return;
      // Who sends has read what was there, as the server counts it.
      if (event.type === 'message.sent') mark(event.actor, { delivered: event.seq, read: event.seq });
      if (detail === undefined) {
        missed = event.seq;
        return changed();
      }
      if (event.type === 'conversation.erased') {
        detail = undefined;
        return changed();
      }
      const next = foldDetail(detail, event, core.user());
      if (next === undefined) return refreshSoon();
      detail = next;
      changed();
    }),
    core.on('receipts', (receipts) => {
      if (receipts.conversationId !== conversationId) return;
      for (const one of receipts.watermarks) mark(one.user, one);
      changed();
    }),
    core.on('resync', (resync) => {
      if (resync.conversationId === conversationId) refreshSoon();
    }),
    core.on('state', ({ tag }) => {
      if (tag === 'open') refreshSoon();
    }),
  ];

  return {
    roster: {
      store,
      refresh,
      async loadMoreMembers() {
        const last = detail?.members.at(-1)?.user;
        if (detail?.hasMoreMembers !== true || last === undefined) return;
        const more = await core.call('conversation.get', {
          conversationId,
          membersAfter: last,
          membersLimit: PAGE,
        });
        for (const member of more.members) mark(member.user, member);
        detail = {
          ...detail,
          members: [...detail.members, ...more.members.filter(({ user }) => user > last)],
          hasMoreMembers: more.hasMoreMembers,
        };
        changed();
      },
      readers() {
        readers ??= detail === undefined ? NO_READERS : readersOf(detail, watermarks, core.user());
        return readers;
      },
    },
    end: () => {
      isEnded = true;
      clearTimeout(again);
      for (const off of offs) off();
    },
  };
}
