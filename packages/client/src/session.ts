import * as E from '@parley/domain/either';
import { decodeWith } from '@parley/domain/text';
import { afterClose, closeCodes } from '@parley/domain/wire/close-codes';
import { SessionOpened } from '@parley/domain/wire/core-methods';
import type * as t from 'io-ts';
import { backoffMs } from './backoff.js';
import { type Connection, openConnection } from './connection.js';
import {
  type AfterBreak,
  type ConnectionEffect,
  type ConnectionEvent,
  type ConnectionState,
  transition,
} from './connection-state.js';
import { RefusalError, unavailable } from './refusal-error.js';
import type { WebSocketConstructor } from './web-socket.js';

export type TokenSource = string | (() => Promise<string> | string);

export type SessionOptions = {
  readonly url: string;
  readonly token: TokenSource;
  readonly device: string;
  readonly webSocket: WebSocketConstructor;
  readonly answerMs: number;
  readonly maxPending: number;
  /** Where to go on from; asked at every open, and again once the server has named positions it does not know. */
  readonly resume: () => Readonly<Record<string, number>>;
  /** The log ends before these positions: they are to be forgotten before they are asked for again. */
  readonly onAhead: (conversationIds: readonly string[]) => void;
  readonly onNotification: (method: string, params: unknown) => void;
  readonly onState: (state: ConnectionState) => void;
  /** The answer was so many ms on its way, there and back. */
  readonly onOpened: (session: t.TypeOf<typeof SessionOpened>, roundTripMs: number) => void;
};

/** An authenticated connection that is kept up: it dials, opens, waits and comes back as the connection's states say. */
export type Session = {
  readonly state: ConnectionState;
  /** Why it stopped, if it did so by itself. */
  readonly stoppedBy: RefusalError | undefined;
  start(): void;
  stop(): void;
  /** @throws RefusalError; `Unavailable` at once when there is no open session */
  request(method: string, params: unknown): Promise<unknown>;
  /** Somebody looks, or the network is back: dials now instead of later, or sees whether the line still holds. */
  wake(): void;
  /** Stops for a reason that coming back does not mend. */
  fail(refusal: RefusalError): void;
  /** Drops the connection and comes back with a resume. */
  comeBack(reason: string): void;
};

/** A session that held this long, in ms, has settled: the next break starts with a short wait again. */
const SETTLED_MS = 5_000;

export function createSession(options: SessionOptions): Session {
  let state: ConnectionState = { tag: 'stopped' };
  let stoppedBy: RefusalError | undefined;
  let connection: Connection | undefined;
  let token = '';
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Milliseconds the server wants us to wait at least, by its last refusal. */
  let atLeastMs = 0;
  /** Counts dials: what belongs to an earlier one is late. */
  let dial = 0;

  function happen(event: ConnectionEvent): void {
    const next = transition(state, event);
    if (next.state === state) return;
    state = next.state;
    clearTimeout(timer);
    for (const effect of next.effects) perform(effect);
    options.onState(state);
  }

  function perform(effect: ConnectionEffect): void {
    switch (effect) {
      case 'dial':
        return void connect(++dial);
      case 'openSession':
        return void open(dial);
      case 'hangUp':
        dial++;
        connection?.close();
        connection = undefined;
        return;
      case 'wait': {
        const afterMs = Math.max(atLeastMs, backoffMs(failures(state), Math.random()));
        timer = setTimeout(() => happen({ tag: 'waited' }), afterMs);
        if (state.tag === 'waiting') state = { ...state, retryAt: Date.now() + afterMs };
        return;
      }
      case 'settle':
        timer = setTimeout(() => happen({ tag: 'settled' }), SETTLED_MS);
        return;
      default:
        return effect satisfies never;
    }
  }

  async function connect(mine: number): Promise<void> {
    try {
      token = typeof options.token === 'string' ? options.token : await options.token();
    } catch (error) {
      if (mine === dial)
        broken('resume', unavailable(`no token: ${error instanceof Error ? error.message : error}`));
      return;
    }
    if (mine !== dial) return;
    connection = openConnection({
      ...options,
      onOpen: () => mine === dial && happen({ tag: 'socketOpened' }),
      onNotification(method, params) {
        if (mine !== dial) return;
        options.onNotification(method, params);
        if (method === 'session.expiring') void renew(mine);
      },
      onClose: (code, reason) => mine === dial && broken(afterClose(code), refusalOfClose(code, reason)),
    });
  }

  async function open(mine: number): Promise<void> {
    try {
      const { opened, roundTripMs } = await ask(mine);
      const answer = decodeWith(SessionOpened, opened);
      if (mine !== dial) return;
      if (E.isLeft(answer))
        return broken('stop', new RefusalError('InternalError', `session.open: ${answer.left}`));
      options.onOpened(answer.right, roundTripMs);
      if (mine !== dial) return;
      happen({ tag: 'sessionOpened' });
    } catch (error) {
      if (mine !== dial) return;
      const refusal = error instanceof RefusalError ? error : unavailable(String(error));
      broken(afterRefusedOpen(refusal), refusal);
    }
  }

  /** Positions the log does not know are forgotten, and the rest asked for again: the connection waits for that. */
  async function ask(mine: number, tries = 1): Promise<{ opened: unknown; roundTripMs: number }> {
    try {
      const params = { token, device: options.device, resume: options.resume() };
      const askedAt = performance.now();
      const opened = await connection?.request('session.open', params);
      return { opened, roundTripMs: performance.now() - askedAt };
    } catch (error) {
      const isAhead =
        error instanceof RefusalError && error.tag === 'PositionAhead' && error.about.length > 0;
      if (mine !== dial || !isAhead || tries === MAX_AHEAD) throw error;
      options.onAhead(error.about);
      return ask(mine, tries + 1);
    }
  }

  /** Where that fails the connection is closed when the token ends, and comes back with what the source gives then. */
  async function renew(mine: number): Promise<void> {
    if (typeof options.token === 'string') return;
    try {
      const fresh = await options.token();
      if (mine === dial) await connection?.request('session.renew', { token: fresh });
    } catch {
      // The close code says so then.
    }
  }

  function broken(wish: AfterBreak, refusal: RefusalError): void {
    // A token given as text cannot be renewed: the same one would be refused for ever.
    const next = wish === 'renew' && typeof options.token === 'string' ? 'stop' : wish;
    if (next === 'stop') stoppedBy = refusal;
    atLeastMs = refusal.retryAfterMs ?? 0;
    happen({ tag: 'broken', next, reason: refusal.message });
  }

  return {
    get state() {
      return state;
    },
    get stoppedBy() {
      return stoppedBy;
    },
    start: () => happen({ tag: 'start' }),
    stop: () => happen({ tag: 'stop' }),
    request(method, params) {
      if (state.tag !== 'open' || connection === undefined)
        return Promise.reject(unavailable('not connected'));
      return connection.request(method, params);
    },
    wake() {
      if (state.tag === 'waiting') happen({ tag: 'waited' });
      else connection?.probe();
    },
    fail: (refusal) => broken('stop', refusal),
    comeBack: (reason) => broken('resume', unavailable(reason)),
  };
}

/** Refusals of positions in a row, each of which names up to a hundred. */
const MAX_AHEAD = 100;

const failures = (state: ConnectionState): number => (state.tag === 'stopped' ? 0 : state.failures);

function afterRefusedOpen({ tag, retryable }: RefusalError): AfterBreak {
  if (tag === 'TokenExpired') return 'renew';
  // A line that says things twice: the answer that counts was lost, so this session is of no use to us.
  if (tag === 'SessionAlreadyOpen') return 'resume';
  return retryable ? 'resume' : 'stop';
}

function refusalOfClose(code: number, reason: string): RefusalError {
  const row = Object.values(closeCodes).find((known) => known.code === code);
  const sentence =
    row?.sentence ?? `the connection closed with code ${code}${reason === '' ? '' : `: ${reason}`}`;
  if (code === closeCodes.TokenExpired.code) return new RefusalError('TokenExpired', sentence);
  if (code === closeCodes.DeviceRevoked.code) return new RefusalError('DeviceRevoked', sentence);
  if (code === closeCodes.PersonErased.code) return new RefusalError('PersonErased', sentence);
  if (code === closeCodes.TokenRefused.code) return new RefusalError('NotAuthenticated', sentence);
  return row?.next === 'stop' ? new RefusalError('InvalidRequest', sentence) : unavailable(sentence);
}
