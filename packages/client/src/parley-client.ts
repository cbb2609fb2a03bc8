import type { Body } from '@parley/domain/conversation/body';
import { decodeWith } from '@parley/domain/text';
import type { LiveEvent } from '@parley/domain/wire/live';
import { type MethodName, methods, type ParamsOf, type ResultOf } from '@parley/domain/wire/methods';
import type { ReceiptMark } from '@parley/domain/wire/receipts';
import * as E from 'fp-ts/lib/Either.js';
import type * as t from 'io-ts';
import { createCommandSender } from './command-sender.js';
import type { ConnectionState } from './connection-state.js';
import { createListeners, type Listeners } from './listeners.js';
import { type LiveNotices, passage, type Receipts, readNotice } from './live-notices.js';
import { createPositions } from './positions.js';
import { RefusalError, unavailable } from './refusal-error.js';
import { createSession, type TokenSource } from './session.js';
import { type WebSocketConstructor, webSocketConstructor } from './web-socket.js';

export type ConnectOptions = {
  /** Address of a gateway's socket: `ws://host:port/v1/ws`. */
  readonly url: string;
  /** A token, or what gets one: it is asked before every dial, so it can renew what has expired. */
  readonly token: TokenSource;
  readonly device: string;
  /** For where there is no global WebSocket (Node 20). */
  readonly webSocket?: WebSocketConstructor;
  /** Seqs up to which the caller has everything: what came after is replayed before anything live. */
  readonly resume?: Readonly<Record<string, number>>;
  /** Milliseconds until an answer counts as missing; 15,000 unless given. */
  readonly answerMs?: number;
  /** Milliseconds until the first session has to be open; 15,000 unless given. */
  readonly connectMs?: number;
  /** Dials that may find nobody before the first session, for those who would rather know; as many as fit unless given. */
  readonly connectTries?: number;
  /** Commands the outbox holds at most; 10,000 unless given. */
  readonly maxOutbox?: number;
  /** Commands of all conversations in flight at most (one per conversation); 256 unless given. */
  readonly maxInFlight?: number;
};

export type ClientEvents = {
  /** Once each, in the order of their seqs within a conversation. */
  readonly event: LiveEvent;
  readonly receipts: Receipts;
  readonly 'conversation.added': { readonly conversationId: string; readonly seq: number };
  /** Events of this conversation were missed that cannot be replayed: read it anew. `reason` is for logs. */
  readonly resync: LiveNotices['resync'];
  readonly typing: LiveNotices['typing'];
  readonly presence: LiveNotices['presence'];
  readonly 'session.expiring': LiveNotices['session.expiring'];
  readonly state: ConnectionState;
};

type CommandName = {
  [M in MethodName]: (typeof methods)[M]['dispatch'] extends 'command' ? M : never;
}[MethodName];
export type CallableName = Exclude<MethodName, 'session.open'>;

/** Parameters of a method; a command's id is made if it is not given. */
export type CallParams<M extends CallableName> = M extends CommandName
  ? Omit<ParamsOf<M>, 'commandId'> & { readonly commandId?: string }
  : ParamsOf<M>;

export type ParleyClient = {
  readonly user: string;
  readonly state: ConnectionState;
  /** Commands that are not answered yet. */
  readonly unanswered: number;
  /**
   * Calls a method. A command goes through the outbox: it waits while there is no connection, is sent again under its id
   * after a break or a retryable refusal, and keeps its order within its conversation; so the promise settles once.
   * Queries and receipts are tried once, when the session is open.
   *
   * @throws RefusalError
   */
  call<M extends CallableName>(method: M, params: CallParams<M>): Promise<ResultOf<M>>;
  /** Sends a text, or a body of any kind. */
  send(conversationId: string, message: Message): Promise<ResultOf<'message.send'>>;
  /** A page of messages, oldest first; the newest page without a cursor. */
  messages(
    conversationId: string,
    page?: Omit<ParamsOf<'message.list'>, 'conversationId'>,
  ): Promise<ResultOf<'message.list'>>;
  conversations(page?: ParamsOf<'conversation.list'>): Promise<ResultOf<'conversation.list'>>;
  /** Moves watermarks forward. */
  mark(...marks: readonly ReceiptMark[]): Promise<ResultOf<'receipt.mark'>>;
  /**
   * Handlers of what comes without being asked; those put on as soon as `connect` resolves miss nothing. Across a break nothing is missed or repeated in conversations whose
   * position is known: those in which an event was seen, those read by `messages` or `conversations`, and those in `resume`.
   */
  readonly on: Listeners<ClientEvents>['on'];
  /** Newest seq delivered to handlers. */
  position(conversationId: string): number | undefined;
  /** Ends the connection; what the outbox still holds is refused as `Unavailable`. */
  close(): void;
};

export type Message = ({ readonly text: string; readonly emote?: true } | { readonly body: Body }) &
  Omit<CallParams<'message.send'>, 'conversationId' | 'body'>;

/**
 * Connects to Parley and stays connected, through breaks, until `close` is called or the server says stop.
 *
 * @throws RefusalError when no session is open within `connectMs`, or the token is refused
 */
export async function connect(options: ConnectOptions): Promise<ParleyClient> {
  const { answerMs = 15_000, connectMs = 15_000, maxOutbox = 10_000, maxInFlight = 256 } = options;
  const listeners = createListeners<ClientEvents>();
  const positions = createPositions(options.resume);
  /** Where a gap was seen that made us come back: there a second time, it cannot be closed. */
  const gaps = new Map<string, number>();
  /** What comes before the caller could put on handlers is held until then; undefined from then on. */
  let held: (() => void)[] | undefined = [];
  let user = '';

  const session = createSession({
    url: options.url,
    token: options.token,
    device: options.device,
    webSocket: webSocketConstructor(options.webSocket),
    answerMs,
    maxPending: maxInFlight + MAX_QUERIES,
    resume() {
      const { resume, left } = positions.resume();
      for (const conversationId of left) lose({ conversationId, reason: 'too many to resume' });
      return resume;
    },
    onNotification: (method, params) =>
      held === undefined ? notice(method, params) : void held.push(() => notice(method, params)),
    onOpened: (opened) => {
      user = opened.user;
    },
    onState(state) {
      if (state.tag === 'open') sender.pump();
      else sender.interrupt();
      // What a broken line had still to say comes again with the resume.
      if (state.tag === 'waiting') held?.splice(0);
      if (state.tag === 'stopped') sender.abandon(session.stoppedBy ?? unavailable('the client was closed'));
      listeners.emit('state', state);
    },
  });

  const sender = createCommandSender({
    isOpen: () => session.state.tag === 'open',
    request: session.request,
    maxEntries: maxOutbox,
    maxInFlight,
  });

  function notice(method: string, params: unknown): void {
    const read = readNotice(method, params);
    if (read === undefined) return;
    switch (read.name) {
      case 'event':
        return event(read.value);
      case 'receipts':
        return listeners.emit('receipts', read.value);
      case 'conversation.added':
        positions.entered(read.value.conversationId, read.value.seq);
        return listeners.emit('conversation.added', read.value);
      case 'resync':
        return lose(read.value);
      case 'typing':
        return listeners.emit('typing', read.value);
      case 'presence':
        return listeners.emit('presence', read.value);
      case 'session.expiring':
        return listeners.emit('session.expiring', read.value);
      default:
        return read satisfies never;
    }
  }

  function event(live: LiveEvent): void {
    const { conversationId, seq } = live;
    const moves = passage(live, user);
    if (moves === 'enters') positions.entered(conversationId, seq);
    switch (positions.judge(conversationId, seq)) {
      case 'duplicate':
        return;
      case 'deliver':
        gaps.delete(conversationId);
        if (moves === 'exits') positions.exited(conversationId);
        return listeners.emit('event', live);
      case 'gap': {
        const at = positions.delivered(conversationId) as number;
        if (gaps.get(conversationId) !== at) {
          gaps.set(conversationId, at);
          return session.comeBack(`events of ${conversationId} are missing after ${at}`);
        }
        lose({ conversationId, reason: `nothing between ${at} and ${seq} was replayed` });
        return event(live);
      }
    }
  }

  function lose(resync: LiveNotices['resync']): void {
    positions.forget(resync.conversationId);
    gaps.delete(resync.conversationId);
    if (resync.seq !== undefined) positions.entered(resync.conversationId, resync.seq + 1);
    listeners.emit('resync', resync);
  }

  /** Resolves when the session is open; rejects when it has stopped or time is up. */
  function opened(withinMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const settled = (): boolean => {
        if (session.state.tag === 'open') resolve();
        else if (session.state.tag === 'stopped')
          reject(session.stoppedBy ?? unavailable('the client was closed'));
        else return false;
        return true;
      };
      if (settled()) return;
      const off = listeners.on('state', () => settled() && done());
      const timer = setTimeout(() => {
        done();
        reject(unavailable(`no connection to ${options.url} within ${withinMs} ms`));
      }, withinMs);
      const done = (): void => {
        off();
        clearTimeout(timer);
      };
    });
  }

  async function call<M extends CallableName>(method: M, params: CallParams<M>): Promise<ResultOf<M>> {
    const { dispatch, params: codec, result } = methods[method];
    const whole = dispatch === 'command' ? { commandId: crypto.randomUUID(), ...params } : params;
    const checked = decodeWith(codec as t.Type<unknown>, whole);
    if (E.isLeft(checked)) throw new RefusalError('InvalidParams', checked.left);
    const answer =
      dispatch === 'command'
        ? await sender.submit(
            (checked.right as { conversationId: string }).conversationId,
            method,
            checked.right,
          )
        : await opened(answerMs).then(() => session.request(method, checked.right));
    const decoded = decodeWith(result as t.Type<unknown>, answer);
    if (E.isLeft(decoded)) throw new Error(`${method}: the server's answer does not fit: ${decoded.left}`);
    return decoded.right as ResultOf<M>;
  }

  let dials = 0;
  const offDials = listeners.on('state', ({ tag }) => {
    if (tag === 'opening') dials = 0;
    if (tag === 'waiting' && ++dials === options.connectTries) session.stop();
  });
  session.start();
  try {
    await opened(connectMs);
  } catch (error) {
    session.stop();
    throw error;
  } finally {
    offDials();
  }
  setTimeout(() => {
    for (let tell = held?.shift(); tell !== undefined; tell = held?.shift()) tell();
    held = undefined;
  });

  return {
    get user() {
      return user;
    },
    get state() {
      return session.state;
    },
    get unanswered() {
      return sender.size;
    },
    call,
    send(conversationId, message) {
      if ('body' in message) return call('message.send', { conversationId, ...message });
      const { text, emote, ...rest } = message;
      const body: Body = { kind: 'text', text, ...(emote === undefined ? {} : { emote }) };
      return call('message.send', { conversationId, body, ...rest });
    },
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
    mark: (...marks) => call('receipt.mark', { marks }),
    on: listeners.on,
    position: positions.delivered,
    close: session.stop,
  };
}

/** Queries and receipts that may wait for their answers at once. */
const MAX_QUERIES = 1_000;
