/** The part of the browsers' WebSocket that the client uses; the global one of browsers and Node 22 has it. */
export type WebSocketLike = {
  readonly readyState: number;
  send(data: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(
    type: 'close',
    listener: (event: { readonly code: number; readonly reason: string }) => void,
  ): void;
};

export type WebSocketConstructor = new (url: string, protocols: string) => WebSocketLike;

export const SUBPROTOCOL = 'parley.v1';

/** Largest frame a gateway takes. */
export const MAX_FRAME_BYTES = 131_072;

/** The constructor given, or the global one; Node 20 has none, so there it must be given. */
export function webSocketConstructor(given?: WebSocketConstructor): WebSocketConstructor {
  const found = given ?? (globalThis as { WebSocket?: unknown }).WebSocket;
  if (typeof found === 'function') return found as WebSocketConstructor;
  throw new TypeError('there is no global WebSocket here: pass a constructor as `webSocket`');
}
