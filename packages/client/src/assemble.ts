import type { Body } from '@parley/domain/conversation/body';
import { createCall } from './calls.js';
import type { ClientEvents } from './client-events.js';
import type { ClientOptions } from './client-options.js';
import type { ConnectionState } from './connection-state.js';
import { createConversationList } from './conversations/create-list.js';
import { openDetails } from './conversations/open-details.js';
import { createRosters } from './conversations/rosters.js';
import { keepList } from './conversations/saved-list.js';
import type { Core } from './core.js';
import { createInbox } from './inbox.js';
import { createListeners } from './listeners.js';
import { createCertainty } from './outbox/certainty.js';
import { createOutbox } from './outbox/outbox.js';
import type { Message, ParleyClient } from './parley-client.js';
import { createPositions } from './positions.js';
import { createPeople } from './presence/people.js';
import { createTypingTeller } from './presence/typing-teller.js';
import { createTypists } from './presence/typists.js';
import { createMarks } from './receipts/marks.js';
import { RefusalError, unavailable } from './refusal-error.js';
import { createSession } from './session.js';
import { openInTime } from './storage/open-in-time.js';
import { createStore } from './store.js';
import { createEnds } from './time/ends.js';
import { createServerTime } from './time/server-time.js';
import { createNotes } from './timeline/notes.js';
import { openTimeline } from './timeline/open-timeline.js';
import { subjectOf } from './token.js';
import { createUntilOpen } from './until-open.js';
import { onWake } from './wake.js';
import { webSocketConstructor } from './web-socket.js';

/** A client and the two things that only `connect` needs. */
export type Assembled = {
  readonly client: ParleyClient;
  /** Resolves when the session is open; rejects when it has stopped or time is up. */
  opened(withinMs: number): Promise<void>;
  /** Tells the handlers what was held for them. */
  release(): void;
};

/** Queries and receipts that may wait for their answers at once. */
const MAX_QUERIES = 1_000;

const TIME = 'time';
const CONNECTING: ConnectionState = { tag: 'connecting', failures: 0 };

/** Wires the parts together and dials. What comes is held until `release` is called, if `holds`. */
export function assemble(options: ClientOptions, holds = false): Assembled {
  const { answerMs = 15_000, maxOutbox = 10_000, maxInFlight = 256 } = options;
  const listeners = createListeners<ClientEvents>();
  let ended: Promise<void> | undefined;
  let hasBegun = false;
  const positions = createPositions(options.resume);
  let held: (() => void)[] | undefined = holds ? [] : undefined;
  let knowUser: (user: string) => void = () => undefined;
  const known = new Promise<string>((resolve) => {
    knowUser = resolve;
  });
  const open = options.storage;
  const storage = open && known.then((user) => openInTime(open, user));
  const time = createServerTime();
  // The server can tell whether the device slept or its clock was set: it does so when a session opens.
  const ends = createEnds(time, () => state().tag === 'open' && session.comeBack('the clock leapt'));
  /** By what is stored messages may have ended meanwhile, so the time comes first. */
  const sureStorage = Promise.resolve(storage)
    .then(async (opened) => {
      time.restore(await opened?.get(TIME));
      return opened;
    })
    .catch(() => undefined);
  let user = options.user ?? (typeof options.token === 'string' ? (subjectOf(options.token) ?? '') : '');

  const session = createSession({
    url: options.url,
    token: options.token,
    device: options.device,
    webSocket: webSocketConstructor(options.webSocket),
    answerMs,
    maxPending: maxInFlight + MAX_QUERIES,
    resume() {
      const { resume, left } = positions.resume();
      for (const conversationId of left) inbox.lose({ conversationId, reason: 'too many to resume' });
      return resume;
    },
    onAhead(conversationIds) {
      for (const conversationId of conversationIds)
        inbox.lose({ conversationId, reason: 'the log ends before this position' });
    },
    onNotification: (method, params) =>
      held === undefined ? inbox.take(method, params) : void held.push(() => inbox.take(method, params)),
    onOpened(opened, roundTripMs) {
      if (user !== '' && user !== opened.user)
        return session.fail(
          new RefusalError('ForeignToken', `the token is of ${opened.user}, not of ${user}`),
        );
      user = opened.user;
      knowUser(user);
      time.learn(opened.now, roundTripMs);
      void keepTime();
    },
    onState(state) {
      if (state.tag === 'open') outbox.pump();
      else outbox.interrupt();
      // What a broken line had still to say comes again with the resume.
      if (state.tag === 'waiting') held?.splice(0);
      if (state.tag === 'stopped') void end();
      connection.changed();
      listeners.emit('state', state);
    },
  });
  /** What is stored stays for the next time, unless I sign out. */
  function end(): Promise<void> {
    if (ended !== undefined) return ended;
    outbox.close(session.stoppedBy ?? unavailable('the client was closed'));
    marks.close();
    offWake();
    ends.close();
    ended = keepTime()
      .then(() => sureStorage)
      .then((opened) => opened?.close())
      .catch(() => undefined);
    return ended;
  }

  const keepTime = async (): Promise<void> =>
    (await sureStorage)?.set(TIME, time.saved()).catch(() => undefined);

  const state = (): ConnectionState => (hasBegun ? session.state : CONNECTING);
  const connection = createStore(state);
  const inbox = createInbox({ listeners, positions, user: () => user, time, comeBack: session.comeBack });
  const outbox = createOutbox({
    storage,
    isOpen: () => session.state.tag === 'open',
    request: session.request,
    maxEntries: maxOutbox,
    maxInFlight,
    newest: positions.newest,
    look: (command) => certainty.look(command),
    onUncertain: (command) => certainty.watch(command),
    onStorageLost: (error) => listeners.emit('storage.lost', { error }),
  });
  const certainty = createCertainty({
    user: () => user,
    headOf: async (conversationId) =>
      (await call('conversation.get', { conversationId, membersLimit: 0 })).revision,
    deliveredTo: positions.delivered,
    resumeFrom: (conversationId, seq) => positions.entered(conversationId, seq + 1),
  });
  listeners.on('event', certainty.onEvent);
  listeners.on('resync', ({ conversationId }) => certainty.onLost(conversationId));
  const unsent = createStore(() => outbox.size);
  outbox.onChange(unsent.changed);

  const opened = createUntilOpen({
    url: options.url,
    on: listeners.on,
    state,
    stoppedBy: () => session.stoppedBy,
  });

  const ask = (method: string, params: unknown): Promise<unknown> =>
    opened(answerMs).then(() => session.request(method, params));
  const call = createCall({ submit: outbox.submit, ask });
  const core: Core = {
    call,
    outbox,
    positions,
    on: listeners.on,
    user: () => user,
    state,
    time,
    ends,
  };
  const keeper = storage && keepList(sureStorage, time, ends);
  void keeper?.load().catch(() => undefined);
  const people = createPeople(core);
  const typists = createTypists(core);
  const rosters = createRosters(core);
  const marks = createMarks(core);
  const timelines = { core, rosters, marks, typing: createTypingTeller(core), notes: createNotes(core) };
  let list: ReturnType<typeof createConversationList> | undefined;

  listeners.on('event', ({ type, actor, conversationId, seq }) => {
    if (type === 'message.sent' && actor !== user) marks.delivered(conversationId, seq);
  });
  const offWake = onWake(() => {
    ends.wake();
    session.wake();
  });
  if (user !== '') knowUser(user);
  // What is stored says from where to resume; but who we are is in the storage's name.
  if (storage === undefined || user === '') begin();
  else void outbox.ready.then(begin);

  function begin(): void {
    if (ended !== undefined) return;
    hasBegun = true;
    session.start();
  }

  function close(): Promise<void> {
    hasBegun = true;
    session.stop();
    connection.changed();
    return end();
  }

  const client: ParleyClient = {
    get user() {
      return user;
    },
    device: options.device,
    get state() {
      return state();
    },
    connection,
    get unanswered() {
      return outbox.size;
    },
    unsent,
    get list() {
      list ??= createConversationList({ core, typists, marks, keeper });
      return list;
    },
    timeline: (conversationId, windowing) => openTimeline(timelines, conversationId, windowing),
    details: (conversationId) => openDetails(core, rosters, conversationId),
    presence: people.presence,
    typing: typists.typing,
    call,
    ask,
    send: (conversationId, message) => call('message.send', { conversationId, ...sendingOf(message) }),
    async messages(conversationId, page = {}) {
      const answer = await call('message.list', { conversationId, ...page });
      const newest = answer.messages.at(-1)?.seq;
      if (newest !== undefined && page.before === undefined) positions.learned(conversationId, newest);
      return answer;
    },
    async conversations(page = {}) {
      const answer = await call('conversation.list', page);
      for (const { conversationId, revision } of answer.conversations)
        positions.learned(conversationId, revision);
      return answer;
    },
    setTtl: (conversationId, ttl) => call('conversation.setTtl', { conversationId, ttl }),
    setExpiry: (conversationId, expiresAt) => call('conversation.setExpiry', { conversationId, expiresAt }),
    erase: (conversationId) => call('conversation.erase', { conversationId }),
    pin: (conversationId, seq) => call('message.pin', { conversationId, seq }),
    unpin: (conversationId, seq) => call('message.unpin', { conversationId, seq }),
    now: time.now,
    onEnd(at, act) {
      const end = ends.watch(() => {
        end.close();
        act();
      });
      end.at(at);
      return end.close;
    },
    mark: (...marks) => call('receipt.mark', { marks }),
    on: listeners.on,
    position: positions.delivered,
    close,
    async signOut() {
      await close();
      const stored = user === '' ? undefined : await options.storage?.(user);
      await stored?.clear();
      await stored?.close();
    },
  };

  return {
    client,
    opened,
    release() {
      for (let tell = held?.shift(); tell !== undefined; tell = held?.shift()) tell();
      held = undefined;
    },
  };
}

function sendingOf(message: Message) {
  if ('body' in message) return message;
  const { text, emote, ...rest } = message;
  const body: Body = { kind: 'text', text, ...(emote === undefined ? {} : { emote }) };
  return { body, ...rest };
}
