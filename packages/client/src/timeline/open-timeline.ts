import { type CallableName, type CallParams, commandOf } from '../calls.js';
import type { Rosters } from '../conversations/rosters.js';
import type { Core } from '../core.js';
import type { TypingTeller } from '../presence/typing-teller.js';
import type { Marks } from '../receipts/marks.js';
import { createStore } from '../store.js';
import { createCallLoader } from './call-loader.js';
import { createItems } from './items.js';
import { createLoader } from './loader.js';
import type { Notes } from './notes.js';
import { foldOutbox, inLog, nothingOutgoing, type Outgoing, shownBy, withoutEnded } from './outgoing.js';
import type { Timeline, TimelineOptions, TimelineSnapshot } from './timeline.js';
import {
  emptyWindow,
  foldWindow,
  hasNewer,
  hasOlder,
  type Window,
  type WindowBounds,
  type WindowInput,
} from './window.js';

/** What timelines share. */
export type TimelineParts = {
  readonly core: Core;
  readonly rosters: Rosters;
  readonly marks: Marks;
  readonly typing: TypingTeller;
  readonly notes: Notes;
};

/** What brings messages whose neighbours may be calls. */
const PAGES: ReadonlySet<WindowInput['tag']> = new Set(['newest', 'around', 'older', 'newer']);

const DEFAULT_WINDOW = 200;
const DEFAULT_PAGE_SIZE = 50;

/** Opens a timeline at the newest messages: it loads as soon as there is a session, and again after whatever it missed. */
export function openTimeline(
  { core, rosters, marks, typing, notes }: TimelineParts,
  conversationId: string,
  { windowSize = DEFAULT_WINDOW, pageSize = DEFAULT_PAGE_SIZE }: TimelineOptions = {},
): Timeline {
  const { roster, close: closeRoster } = rosters.open(conversationId);
  /** Keys of messages that were sent again under another id. */
  const aliases = new Map<string, string>();
  const keyOf = (commandId: string): string => aliases.get(commandId) ?? commandId;
  let window: Window = emptyWindow;
  let outgoing: Outgoing = core.outbox
    .of(conversationId)
    .reduce((next, command) => foldOutbox(next, { tag: 'added', command }), nothingOutgoing);

  /** The time of the conversation itself is over. */
  let isOver = false;
  const end = core.ends.watch(settled);
  const bounds = (): WindowBounds => ({ user: core.user(), windowSize, pageSize });

  const loader = createLoader({
    core,
    conversationId,
    bounds: { windowSize, pageSize },
    ask: roster.refresh,
    window: () => window,
    fold,
  });
  const calls = createCallLoader(core, conversationId, () => store.changed());
  const makeItems = createItems(core.user, keyOf);
  const store = createStore<TimelineSnapshot>((last) => {
    const next: TimelineSnapshot = {
      items: makeItems({
        rows: window.rows,
        outgoing,
        readers: roster.readers(),
        isAtEnd: !hasNewer(window),
      }),
      hasOlder: hasOlder(window),
      hasNewer: hasNewer(window),
      loading: window.loading === 'again' ? 'nothing' : window.loading,
      problem: loader.problem,
      openedAtRead: loader.openedAtRead,
      isMember: loader.isMember,
      isClosed: roster.store.snapshot().detail?.closed ?? false,
      isErased: isOver || loader.isErased,
      notes: notes.of(conversationId),
      calls: calls.within(window),
    };
    return last !== undefined && isSame(last, next) ? last : next;
  });

  function fold(input: WindowInput): void {
    const before = window;
    window = foldWindow(window, input, bounds());
    if (window !== before) settled();
    if (PAGES.has(input.tag)) calls.look(window, input.tag === 'newest' || input.tag === 'around');
    loader.look();
  }

  function settled(): void {
    dropEnded();
    outgoing = shownBy(outgoing, window);
    store.changed();
  }

  /** What has ended goes at once, whatever brought it; for the rest there is the earliest end. It needs no connection. */
  function dropEnded(): void {
    const now = core.time.now();
    let next = roster.store.snapshot().detail?.expiresAt ?? Number.POSITIVE_INFINITY;
    isOver = next <= now;
    if (isOver) window = { ...window, rows: [], held: [] };
    window = foldWindow(window, { tag: 'due', now }, bounds());
    outgoing = withoutEnded(outgoing, now);
    for (const { view } of window.rows) next = Math.min(next, view.expiresAt ?? next);
    for (const { expiresAt } of outgoing.sends) next = Math.min(next, expiresAt ?? next);
    end.at(isOver ? Number.POSITIVE_INFINITY : next);
  }

  function onItsWay(commandId: string, seq: number, at: number): void {
    if (outgoing.sends.some(({ command }) => command.commandId === commandId))
      fold({ tag: 'named', seq, key: keyOf(commandId) });
    outgoing = inLog(outgoing, commandId, seq, at, roster.store.snapshot().detail?.ttl ?? null);
  }

  const offs = [
    core.outbox.onChange((change) => {
      const { commandId, lane } = change.command;
      if (lane !== conversationId) return;
      if (change.tag === 'done') {
        const { seq, at } = change.result as { readonly seq: number; readonly at: number };
        onItsWay(commandId, seq, at);
      } else outgoing = foldOutbox(outgoing, change);
      settled();
    }),
    core.on('event', (event) => {
      if (event.conversationId !== conversationId) return;
      if (event.actor === core.user()) onItsWay(event.commandId, event.seq, event.at);
      loader.onEvent(event);
      calls.onEvent(event);
      fold({ tag: 'event', event });
      settled();
    }),
    core.on('resync', (resync) => {
      if (resync.conversationId === conversationId) fold({ tag: 'stale' });
    }),
    roster.store.onChange(settled),
    core.time.onBack(() => fold({ tag: 'stale' })),
  ];
  loader.look();

  /** Shown by its way through the outbox. @throws RefusalError that says why it cannot be sent at all */
  function post<M extends CallableName>(
    method: M,
    params: CallParams<M>,
    isKept = false,
    key?: string,
  ): string {
    const command = commandOf(method, params, isKept);
    core.outbox.check(command);
    if (key !== undefined) aliases.set(command.commandId, key);
    void core.outbox.submit(command).catch(() => undefined);
    return keyOf(command.commandId);
  }

  const failedAt = (key: string) =>
    outgoing.sends.find(({ command }) => keyOf(command.commandId) === key && command.refusal !== undefined)
      ?.command;

  return {
    conversationId,
    snapshot: store.snapshot,
    subscribe: store.subscribe,
    loadOlder: loader.older,
    loadNewer: loader.newer,
    jumpTo: loader.jumpTo,
    send(message) {
      const key = post('message.send', { conversationId, ...message }, true);
      typing.sent(conversationId);
      if (hasNewer(window)) void loader.jumpTo(undefined);
      return key;
    },
    retry(key) {
      const failed = failedAt(key);
      if (failed === undefined) return;
      const { commandId: _, ...params } = failed.params as CallParams<'message.send'>;
      post('message.send', params, true, key);
      core.outbox.discard(failed.commandId);
    },
    discard(key) {
      const failed = failedAt(key);
      if (failed !== undefined) core.outbox.discard(failed.commandId);
    },
    edit: async (seq, body) => void (await core.call('message.edit', { conversationId, seq, body })),
    remove: async (seq) => void (await core.call('message.delete', { conversationId, seq })),
    react: async (seq, emoji, remove = false) =>
      void (await core.call('message.react', { conversationId, seq, emoji, ...(remove ? { remove } : {}) })),
    pin: async (seq) => void (await core.call('message.pin', { conversationId, seq })),
    unpin: async (seq) => void (await core.call('message.unpin', { conversationId, seq })),
    seen(seq) {
      fold({ tag: 'seen', seq });
      marks.read(conversationId, seq);
    },
    typing: (isTyping) => typing.typing(conversationId, isTyping),
    close() {
      for (const off of offs) off();
      end.close();
      loader.close();
      calls.close();
      closeRoster();
    },
  };
}

function isSame(one: TimelineSnapshot, other: TimelineSnapshot): boolean {
  return (Object.keys(other) as (keyof TimelineSnapshot)[]).every((key) => one[key] === other[key]);
}
