import type { TemplatedApp, us_listen_socket } from 'uwebsockets';
import type { Gateway } from '../gateway.js';
import { pump } from '../hub/positions.js';
import { drive, onDrain } from '../session/life.js';
import { receive } from '../session/requests.js';
import { MAX_BUFFERED, Session, type UserData } from '../session/session.js';
import { awaiting } from '../session/session-state.js';
import type { Uws } from '../uws/load.js';

/** The subprotocol every client must ask for. */
export const SUBPROTOCOL = 'parley.v1';

/** Seconds after which a peer that does not even answer pings is taken for gone. */
const IDLE_TIMEOUT_S = 60;

/**
 * uWebSockets.js cuts a connection without a close code when a frame is larger than this; between it and our own limit the
 * client is told why.
 */
const CUT_AT_BYTES = 1024 * 1024;

/** Sockets are the largest part of a process's file descriptors; some are left for the rest. */
const MAX_CONNECTIONS = 19_000;

/** Serves the WebSocket at `/v1/ws`. */
export function serveSocket(app: TemplatedApp, gateway: Gateway): void {
  app.ws<UserData>('/v1/ws', {
    maxPayloadLength: CUT_AT_BYTES,
    maxBackpressure: MAX_BUFFERED,
    idleTimeout: IDLE_TIMEOUT_S,
    sendPingsAutomatically: true,
    upgrade: (response, request, context) => {
      if (gateway.stopping || gateway.sessions.size >= MAX_CONNECTIONS) {
        return void response.writeStatus('503 Service Unavailable').end('no room; come back later\n');
      }
      const offered = request.getHeader('sec-websocket-protocol');
      if (!offered.split(',').some((name) => name.trim() === SUBPROTOCOL)) {
        return void response.writeStatus('400 Bad Request').end(`ask for the subprotocol ${SUBPROTOCOL}\n`);
      }
      response.upgrade(
        { session: new Session(awaiting(Date.now())) },
        request.getHeader('sec-websocket-key'),
        SUBPROTOCOL,
        request.getHeader('sec-websocket-extensions'),
        context,
      );
    },
    open: (socket) => {
      const { session } = socket.getUserData();
      session.socket = socket;
      gateway.sessions.add(session);
    },
    message: (socket, bytes, isBinary) => receive(gateway, socket.getUserData().session, bytes, isBinary),
    dropped: (socket) => void drive(gateway, socket.getUserData().session, { tag: 'overflowed' }),
    drain: (socket) => {
      const { session } = socket.getUserData();
      onDrain(session);
      pump(gateway, session);
    },
    close: (socket) => void drive(gateway, socket.getUserData().session, { tag: 'gone' }),
  });
}

/**
 * Listens; `port` 0 lets the system choose.
 *
 * @throws Error when the address cannot be had.
 */
export function listen(
  uws: Uws,
  app: TemplatedApp,
  host: string,
  port: number,
): Promise<{ port: number; close(): void }> {
  return new Promise((resolve, reject) => {
    const onListening = (socket: us_listen_socket | false) => {
      if (socket === false)
        return reject(new Error(`Cannot listen at ${host}, port ${port}: it may be taken.`));
      resolve({ port: uws.us_socket_local_port(socket), close: () => uws.us_listen_socket_close(socket) });
    };
    app.listen(host, port, onListening);
  });
}
