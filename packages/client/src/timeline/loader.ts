import type { LiveEvent } from '@parley/domain/wire/live';
import type { ConversationDetail, MessagePage } from '@parley/domain/wire/views';
import { backoffMs } from '../backoff.js';
import type { Core } from '../core.js';
import { passage } from '../live-notices.js';
import { asRefusal, RefusalError } from '../refusal-error.js';
import { createPages, isNotMine } from './load-pages.js';
import type { Row } from './row.js';
import type { Loading, Window, WindowBounds, WindowInput } from './window.js';

/** Reads what a window needs: its first page, what was missed, and counts that are in doubt. */
export type Loader = {
  readonly problem: RefusalError | undefined;
  readonly isMember: boolean;
  /** The conversation that was here is not any more. */
  readonly isErased: boolean;
  /** My read watermark when the window was first read. */
  readonly openedAtRead: number;
  /** Loads what is missing, if anything is and a session is open. */
  look(): void;
  older(): Promise<void>;
  newer(): Promise<void>;
  jumpTo(seq: number | undefined): Promise<void>;
  onEvent(event: LiveEvent): void;
  close(): void;
};

export type LoaderOptions = {
  readonly core: Core;
  readonly conversationId: string;
  readonly bounds: Pick<WindowBounds, 'windowSize' | 'pageSize'>;
  /** The conversation as the log has it now. */
  readonly ask: () => Promise<ConversationDetail>;
  readonly window: () => Window;
  readonly fold: (input: WindowInput) => void;
};

/** Milliseconds in which counts in doubt are gathered before they are read again. */
const DOUBT_MS = 1_500;

/** What is locked is asked for again so often, each time later: then with the next session, or when a page is read. */
const MAX_UNLOCKS = 8;
const UNLOCK = { baseMs: 1_000, capMs: 60_000 };

const isDoubted = ({ isDoubtful }: Row): boolean => isDoubtful === true;
const isLocked = ({ view }: Row): boolean => view.sealed === 'locked';

export function createLoader(options: LoaderOptions): Loader {
  const { core, conversationId, bounds, window, fold } = options;
  const pages = createPages(core, conversationId);
  let problem: RefusalError | undefined;
  let isMember = true;
  let isErased = false;
  let openedAtRead = 0;
  /** Counts loads: the answer of an earlier one is late. */
  let job = 0;
  let failures = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let doubt: ReturnType<typeof setTimeout> | undefined;
  /** The log could not be asked how new the first page is. */
  let isUnsure = false;
  /** Asking again the same way would be refused again: until the next session, or until somebody wants something else. */
  let isStuck = false;
  let isClosed = false;
  /** How often what is locked was asked for again. */
  let unlocks = 0;

  function look(): void {
    const { loading, isRead, isStale, rows } = window();
    if (
      isClosed ||
      isStuck ||
      !isMember ||
      core.state().tag !== 'open' ||
      loading !== 'nothing' ||
      retry !== undefined
    )
      return;
    if (!isRead) void load('first', first);
    else if (isStale) void load('again', again);
    else if (doubt === undefined && rows.some(isDoubted)) doubt = setTimeout(reread, DOUBT_MS);
    else if (doubt === undefined && unlocks < MAX_UNLOCKS && rows.some(isLocked))
      doubt = setTimeout(reread, backoffMs(++unlocks, 1, UNLOCK));
  }

  async function load(what: Exclude<Loading, 'nothing'>, read: () => Promise<WindowInput>): Promise<void> {
    const mine = ++job;
    isStuck = false;
    clearTimeout(retry);
    retry = undefined;
    fold({ tag: 'asked', what });
    try {
      const input = await read();
      if (mine !== job) return;
      [problem, failures] = [undefined, 0];
      fold(input);
    } catch (error) {
      if (mine !== job) return;
      failed(what, error);
    }
  }

  function failed(what: Loading, error: unknown): void {
    const refusal = asRefusal(error);
    if (isNotMine(refusal)) isMember = false;
    // Who is only out is told so; what was never there was never read.
    if (refusal.tag === 'ConversationNotFound' && window().isRead) isErased = true;
    problem = refusal;
    isStuck = !refusal.retryable;
    if (refusal.retryable && (what === 'first' || what === 'again') && core.state().tag === 'open') {
      const wait = Math.max(backoffMs(++failures, Math.random()), refusal.retryAfterMs ?? 0);
      retry = setTimeout(() => {
        retry = undefined;
        look();
      }, wait);
    }
    fold({ tag: 'failed' });
  }

  async function first(): Promise<WindowInput> {
    const asked = options.ask().catch((error: unknown) => {
      if (!(error instanceof RefusalError && error.retryable)) throw error;
      return undefined;
    });
    const [page, detail] = await Promise.all([
      pages.newest(bounds.pageSize, async () => (await asked)?.revision ?? 0),
      asked,
    ]);
    isUnsure = detail === undefined;
    if (!window().isRead) openedAtRead = await myRead(detail);
    return { tag: 'newest', page };
  }

  /** Among the members that came with the conversation, or asked for by a mark that moves nothing. */
  async function myRead(detail: ConversationDetail | undefined): Promise<number> {
    const mine = detail?.members.find(({ user }) => user === core.user());
    if (mine !== undefined) return mine.read ?? 0;
    const answer = await core.call('receipt.mark', { marks: [{ conversationId }] }).catch(() => undefined);
    return answer?.watermarks[0]?.read ?? 0;
  }

  async function again(): Promise<WindowInput> {
    const { from, to, rows } = window();
    const limit = Math.max(bounds.pageSize, rows.length);
    isUnsure = false;
    if (to === undefined)
      return { tag: 'newest', page: await pages.newest(limit, async () => (await options.ask()).revision) };
    const newer = await pages.after(from - 1, limit);
    const older: MessagePage = { messages: [], hasMore: from > 1, revision: newer.revision };
    return { tag: 'around', place: from, older, newer };
  }

  async function around(seq: number): Promise<WindowInput> {
    const half = Math.ceil(bounds.pageSize / 2);
    const [older, newer] = await Promise.all([
      pages.before(seq, half),
      pages.after(seq - 1, bounds.pageSize),
    ]);
    return { tag: 'around', place: seq, older, newer };
  }

  async function reread(): Promise<void> {
    doubt = undefined;
    const seqs = window()
      .rows.filter((row) => isDoubted(row) || isLocked(row))
      .map(({ view }) => view.seq);
    const [from, to] = [seqs[0], seqs.at(-1)];
    if (isClosed || from === undefined || to === undefined || core.state().tag !== 'open') return;
    const count = window().rows.filter(({ view: { seq } }) => seq >= from && seq <= to).length;
    try {
      const page = await pages.after(from - 1, count);
      const last = page.hasMore ? Math.min(to, page.messages.at(-1)?.seq ?? to) : to;
      if (!isClosed) fold({ tag: 'reread', from, to: last, page });
      if (!window().rows.some(isLocked)) unlocks = 0;
    } catch {
      // Still in doubt: read again at the next event, or after the next break.
    }
  }

  const offOpen = core.on('state', ({ tag }) => {
    if (tag !== 'open') return;
    isStuck = false;
    unlocks = 0;
    if (isUnsure) fold({ tag: 'stale' });
    look();
  });

  return {
    get problem() {
      return problem;
    },
    get isMember() {
      return isMember;
    },
    get isErased() {
      return isErased;
    },
    get openedAtRead() {
      return openedAtRead;
    },
    look,
    async older() {
      const { isRead, loading, from } = window();
      if (isRead && loading === 'nothing' && from > 1)
        await load('older', async () => ({ tag: 'older', page: await pages.before(from, bounds.pageSize) }));
    },
    async newer() {
      const { isRead, loading, to } = window();
      if (isRead && loading === 'nothing' && to !== undefined)
        await load('newer', async () => ({ tag: 'newer', page: await pages.after(to, bounds.pageSize) }));
    },
    jumpTo: (seq) => load('first', seq === undefined ? first : () => around(seq)),
    onEvent(event) {
      const moves = passage(event, core.user());
      if (moves === 'exits') isMember = false;
      if (event.type === 'conversation.erased') isErased = true;
      if (moves !== 'enters' || isMember) return;
      isMember = true;
      isStuck = false;
      fold({ tag: 'stale' });
    },
    close() {
      isClosed = true;
      job++;
      clearTimeout(retry);
      clearTimeout(doubt);
      offOpen();
    },
  };
}
