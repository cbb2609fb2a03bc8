import { type ListPosition, listCursor } from '@parley/domain/wire/cursor';
import type { ConversationView } from '@parley/domain/wire/views';
import { backoffMs } from '../backoff.js';
import type { Core } from '../core.js';
import { passage } from '../live-notices.js';
import type { Typists } from '../presence/typists.js';
import type { Marks } from '../receipts/marks.js';
import { asRefusal, type RefusalError } from '../refusal-error.js';
import { createStore } from '../store.js';
import { PAGE, positionOf, readChanges } from './account-sync.js';
import type { ConversationList, ConversationListSnapshot } from './conversation-list.js';
import { foldKnown, foldReceipt, type Known, knownOf, withoutPreview } from './known.js';
import { createEntries } from './list-entries.js';
import { earliestEnd, type ListKeeper, withoutEnded } from './saved-list.js';

export type ListParts = {
  readonly core: Core;
  readonly typists: Typists;
  readonly marks: Marks;
  /** Where the list is kept between two lives of the page. */
  readonly keeper: ListKeeper | undefined;
};

/** Milliseconds in which reasons to ask are gathered. */
const SOON_MS = 100;

/** Tries to see what an event has announced, each later than the one before: the read model may be behind the log. */
const MAX_TRIES = 8;

/** Pages looked through for one conversation. */
const MAX_SEEK = 20;

/** Milliseconds between two savings. */
const SAVE_MS = 2_000;

/** My conversations: what was saved, then what the server says has changed since, then events and receipts. */
export function createConversationList({ core, typists, marks, keeper }: ListParts): ConversationList {
  const known = new Map<string, Known>();
  /** Of these something is known that is not shown yet: the seq that an answer must have seen. */
  const wanted = new Map<string, number>();
  let token: string | undefined;
  /** Conversations below it are not loaded; undefined once all are. */
  let edge: ListPosition | undefined;
  let isSynced = false;
  /** The last answer had not seen all of the log: what it left out is in no live event of ours either. */
  let isBehind = false;
  let isBusy = false;
  let problem: RefusalError | undefined;
  let tries = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let saving: ReturnType<typeof setTimeout> | undefined;

  const end = core.ends.watch(() => {
    dropEnded();
    changed();
    if (isBehind) syncIn(SOON_MS);
  });
  const entries = createEntries(known, typists.at);
  const store = createStore<ConversationListSnapshot>(() => {
    const conversations = entries(edge);
    return {
      conversations,
      hasMore: !isSynced || edge !== undefined,
      isLoading: isBusy || (!isSynced && problem === undefined),
      problem,
      unread: conversations.reduce((sum, { unread }) => sum + unread, 0),
    };
  });

  function changed(): void {
    store.changed();
    if (keeper !== undefined && saving === undefined) saving = setTimeout(save, SAVE_MS);
  }

  function take(view: ConversationView): void {
    const { conversationId, preview, delivered, revision } = view;
    if ((wanted.get(conversationId) ?? 0) <= revision) wanted.delete(conversationId);
    const next = knownOf(view, known.get(conversationId));
    known.set(conversationId, next.known);
    if (next.isUncertain) wanted.set(conversationId, next.known.view.revision);
    core.positions.learned(conversationId, revision);
    if (preview !== null && preview.author !== core.user() && preview.seq > delivered)
      marks.delivered(conversationId, preview.seq);
  }

  function drop(conversationId: string): void {
    known.delete(conversationId);
    wanted.delete(conversationId);
  }

  /** Asked about soon; what an answer leaves open is asked again later each time. */
  function want(conversationId: string, seq: number): void {
    wanted.set(conversationId, Math.max(seq, wanted.get(conversationId) ?? 0));
    tries = 0;
    syncIn(SOON_MS);
  }

  function syncIn(ms: number): void {
    if (timer === undefined) timer = setTimeout(() => void sync(), ms);
  }

  async function sync(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    if (core.state().tag !== 'open') return;
    if (isBusy) return syncIn(SOON_MS);
    isBusy = true;
    if (!isSynced) store.changed();
    let wait = 0;
    try {
      await takeChanges();
      [isSynced, problem] = [true, undefined];
    } catch (error) {
      problem = asRefusal(error);
      wait = problem.retryable ? (problem.retryAfterMs ?? 1) : 0;
    }
    isBusy = false;
    dropEnded();
    changed();
    if (problem === undefined && !isBehind && wanted.size === 0) tries = 0;
    else if ((problem === undefined || problem.retryable) && ++tries <= MAX_TRIES)
      syncIn(Math.max(wait, SOON_MS + backoffMs(tries, 1)));
    else wanted.clear();
  }

  async function takeChanges(): Promise<void> {
    const changes = await readChanges(core.call, token, known.size);
    for (const conversationId of changes.left) drop(conversationId);
    for (const view of changes.views) take(view);
    const isLocked = [...known.values()].some(({ view }) => view.preview?.sealed === 'locked');
    // What is locked changes without an event: only all of it brings it.
    token = isLocked ? undefined : changes.token;
    isBehind = changes.isBehind || isLocked;
    if (changes.full === undefined) return;
    edge = changes.full.edge;
    const mine = new Set(changes.views.map(({ conversationId }) => conversationId));
    for (const conversationId of [...known.keys()]) if (!mine.has(conversationId)) drop(conversationId);
  }

  async function loadMore(): Promise<void> {
    if (isBusy || edge === undefined || core.state().tag !== 'open') return;
    isBusy = true;
    store.changed();
    try {
      const page = await core.call('conversation.list', { limit: PAGE, after: listCursor(edge) });
      for (const view of page.conversations) take(view);
      const last = page.conversations.at(-1);
      edge = page.hasMore ? positionOf(last) : undefined;
      problem = undefined;
    } catch (error) {
      problem = asRefusal(error);
    }
    isBusy = false;
    changed();
    if (wanted.size > 0) syncIn(SOON_MS);
  }

  /** Pages on until it is there; what is not is not mine. */
  async function seek(conversationId: string): Promise<void> {
    for (let page = 0; page < MAX_SEEK && edge !== undefined && !known.has(conversationId) && !isBusy; page++)
      await loadMore();
  }

  /**
   * Conversations and previews whose time is over go. What is the newest message then the server says with the tombstone; of a
   * conversation on hold, where none comes, it is asked.
   */
  function dropEnded(): void {
    const now = core.time.now();
    for (const [conversationId, one] of known) {
      const [view] = withoutEnded([one.view], now);
      if (view === one.view) continue;
      if (view === undefined) drop(conversationId);
      else known.set(conversationId, withoutPreview(one));
      if (view?.hold !== undefined) [token, isBehind] = [undefined, true];
    }
    end.at(earliestEnd([...known.values()].map(({ view }) => view)));
  }

  /** Asks for everything again: what is missing here is in no event to come. */
  function readAll(): void {
    token = undefined;
    tries = 0;
    syncIn(SOON_MS);
  }

  async function restore(): Promise<void> {
    const saved = await keeper?.load();
    if (saved === undefined || isSynced || isBusy) return;
    for (const view of saved.views) known.set(view.conversationId, knownOf(view).known);
    [token, edge] = [saved.token, saved.edge];
    dropEnded();
    store.changed();
  }

  async function save(): Promise<void> {
    saving = undefined;
    if (token === undefined || core.state().tag === 'stopped') return;
    const views = [...known.values()].map(({ view }) => view);
    await keeper?.save({ token, views, ...(edge === undefined ? {} : { edge }) }).catch(() => undefined);
  }

  core.on('event', (event) => {
    const { conversationId, seq } = event;
    const user = core.user();
    if (passage(event, user) === 'exits') drop(conversationId);
    else {
      const before = known.get(conversationId);
      if (before === undefined) return want(conversationId, seq);
      const next = foldKnown(before, event, user);
      known.set(conversationId, next.known);
      if (next.isUncertain) want(conversationId, seq);
      if (event.data.expiresAt != null) dropEnded();
      if (event.data.sealed === 'locked') readAll();
    }
    changed();
  });
  core.on('receipts', ({ conversationId, watermarks }) => {
    const mine = watermarks.find(({ user }) => user === core.user());
    const before = known.get(conversationId);
    if (mine === undefined || before === undefined) return;
    const next = foldReceipt(before, mine);
    known.set(conversationId, next.known);
    if (next.isUncertain) want(conversationId, next.known.view.revision);
    changed();
  });
  core.on('conversation.added', ({ conversationId, seq }) => want(conversationId, seq));
  core.on('resync', ({ conversationId, seq = 0 }) => {
    if (seq > (known.get(conversationId)?.view.revision ?? 0)) want(conversationId, seq);
    else syncIn(SOON_MS);
  });
  core.on('state', ({ tag }) => {
    if (tag === 'stopped') for (const each of [timer, saving]) clearTimeout(each);
    if (tag !== 'open') return;
    tries = 0;
    void sync();
  });
  typists.onChange(() => store.changed());
  core.time.onBack(readAll);
  void restore()
    .catch(() => undefined)
    .then(() => sync());

  return {
    snapshot: store.snapshot,
    subscribe: store.subscribe,
    loadMore,
    find(conversationId) {
      if (!known.has(conversationId)) void seek(conversationId);
      return store.snapshot().conversations.find((entry) => entry.conversationId === conversationId);
    },
  };
}
