import { utf8Length } from '@parley/domain/text';
import { RefusalError, refusalFromWire, unavailable } from './refusal-error.js';
import { readServerFrame, type ServerMessage } from './server-frame.js';
import { elapsed } from './time/elapsed.js';
import { MAX_FRAME_BYTES, SUBPROTOCOL, type WebSocketConstructor } from './web-socket.js';

export type ConnectionOptions = {
  readonly url: string;
  readonly webSocket: WebSocketConstructor;
  readonly onOpen: () => void;
  readonly onNotification: (method: string, params: unknown) => void;
  /** Called once, when the socket is gone or spoke nonsense; `code` is the close code of RFC 6455. */
  readonly onClose: (code: number, reason: string) => void;
  /** Milliseconds until an answer counts as missing. */
  readonly answerMs: number;
  /** Requests that may wait for their answers at once; further ones are refused here with `TooManyRequests`. */
  readonly maxPending: number;
};

/** One socket and the requests that wait on it. It is never reused: a reconnect makes a new one. */
export type Connection = {
  /** @throws RefusalError by the server, or `Unavailable` when the answer does not come or the socket breaks */
  request(method: string, params: unknown): Promise<unknown>;
  /** Asks for a sign of life, unless something has just been heard; without one the line counts as broken. */
  probe(): void;
  /** Ends it without a call of `onClose`; what waits is refused as unavailable. */
  close(): void;
};

/**
 * Milliseconds without a frame after which a page that somebody looks at asks for a sign of life, for how long it waits for
 * one, and how fresh the last frame may be to count as one.
 */
const QUIET_MS = 30_000;
const PROBE_MS = 5_000;
const FRESH_MS = 1_000;

/** A hidden page need not know; outside of browsers nobody hides. */
function isWatched(): boolean {
  const { document } = globalThis as { readonly document?: { readonly visibilityState: string } };
  return document === undefined || document.visibilityState === 'visible';
}

/** A socket on which nothing at all is heard while an answer is overdue counts as broken, as this close code. */
export const SILENT = 4002;

/** Opens one socket of subprotocol parley.v1. */
export function openConnection(options: ConnectionOptions): Connection {
  const pending = new Map<number, Pending>();
  const socket = new options.webSocket(options.url, SUBPROTOCOL);
  let nextId = 1;
  let heardAt = elapsed();
  let over = false;
  let probing: ReturnType<typeof setTimeout> | undefined;

  socket.addEventListener('open', () => {
    heardAt = elapsed();
    if (!over) options.onOpen();
  });
  socket.addEventListener('error', () => undefined);
  socket.addEventListener('close', ({ code, reason }) => end(code, reason));
  socket.addEventListener('message', ({ data }) => {
    if (over) return;
    heardAt = elapsed();
    const messages = typeof data === 'string' ? readServerFrame(data) : undefined;
    if (messages === undefined) return fail(1002, 'the server sent a frame that is not JSON-RPC');
    for (const message of messages) {
      if (over) return;
      take(message);
    }
  });

  const sweep = setInterval(
    () => {
      const now = elapsed();
      if (now - heardAt >= QUIET_MS && isWatched()) probe();
      for (const [id, entry] of pending) {
        if (now - entry.sentAt < options.answerMs) break;
        pending.delete(id);
        entry.reject(unavailable(`no answer within ${options.answerMs} ms`));
        if (heardAt < entry.sentAt) return fail(SILENT, 'the server is silent');
      }
    },
    Math.min(1_000, options.answerMs),
  );

  function take(message: ServerMessage): void {
    if (message.tag === 'notification') return options.onNotification(message.method, message.params);
    const entry = message.id === null ? undefined : pending.get(message.id);
    if (entry === undefined || message.id === null) return;
    pending.delete(message.id);
    if (message.tag === 'result') entry.resolve(message.result);
    else entry.reject(refusalFromWire(message.error));
  }

  function fail(code: number, reason: string): void {
    socket.close();
    end(code, reason);
  }

  function end(code: number, reason: string): void {
    if (over) return;
    settleAll();
    options.onClose(code, reason);
  }

  /** A method that nobody has is refused at once, by whoever is there: that is a sign too, and costs nothing. */
  function probe(): void {
    const askedAt = elapsed();
    if (over || socket.readyState !== 1 || probing !== undefined || askedAt - heardAt < FRESH_MS) return;
    probing = setTimeout(() => {
      probing = undefined;
      if (heardAt < askedAt) fail(SILENT, 'the server is silent');
    }, PROBE_MS);
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: nextId++, method: 'session.probe', params: {} }));
  }

  function settleAll(): void {
    over = true;
    clearTimeout(probing);
    clearInterval(sweep);
    for (const { reject } of pending.values()) reject(unavailable('the connection broke'));
    pending.clear();
  }

  return {
    request: (method, params) =>
      new Promise((resolve, reject) => {
        if (over || socket.readyState !== 1) return reject(unavailable('not connected'));
        if (pending.size >= options.maxPending) return reject(new RefusalError('TooManyRequests'));
        const id = nextId++;
        const frame = JSON.stringify({ jsonrpc: '2.0', id, method, params });
        // The gateway closes the connection on a larger one, and would again after every reconnect.
        if (frame.length * 3 > MAX_FRAME_BYTES && utf8Length(frame) > MAX_FRAME_BYTES) {
          return reject(new RefusalError('BodyTooLarge'));
        }
        pending.set(id, { resolve, reject, sentAt: elapsed() });
        socket.send(frame);
      }),
    probe,
    close: () => {
      if (over) return;
      settleAll();
      socket.close(1000);
    },
  };
}

type Pending = {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly sentAt: number;
};
