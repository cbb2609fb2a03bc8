import type { HttpRequest, HttpResponse, TemplatedApp, us_listen_socket } from 'uwebsockets';
import type { Gateway } from '../gateway.js';
import { pump } from '../hub/positions.js';
import type { NamePeer } from '../limits/peer-address.js';
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
 * client is told why. Room for 100,000 positions of the longest ids. A frame takes memory as its bytes come, not as its header
 * claims, and before there is a session they may come for 5 seconds only.
 */
const CUT_AT_BYTES = 16 * 1024 * 1024;

/** Sockets are the largest part of a process's file descriptors; some are left for the rest. */
const MAX_CONNECTIONS = 19_000;

/** Serves the WebSocket at `/v1/ws`. */
export function serveSocket(app: TemplatedApp, gateway: Gateway, namePeer: NamePeer): void {
  const addressOf = (response: HttpResponse, request: HttpRequest): string | undefined =>
    namePeer(Buffer.from(response.getRemoteAddressAsText()).toString(), request.getHeader('x-forwarded-for'));
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
        { session: new Session(awaiting(Date.now()), addressOf(response, request)) },
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
    message: (socket, bytes, isBinary) => {
      const { session } = socket.getUserData();
      try {
        receive(gateway, session, bytes, isBinary);
      } catch (error) {
        // A mistake of ours that one client found must not end the others' sessions.
        gateway.log.error({ err: error }, 'a frame could not be handled');
        drive(gateway, session, { tag: 'lost' });
      }
    },
    dropped: (socket) => void drive(gateway, socket.getUserData().session, { tag: 'overflowed' }),
    drain: (socket) => {
      const { session } = socket.getUserData();
      onDrain(session);
      pump(gateway, session);
      gateway.presence.drained(session);
    },
    close: (socket) => void drive(gateway, socket.getUserData().session, { tag: 'gone' }),
  });
}

type Listening = { readonly port: number; close(): void };

/**
 * Listens; `port` 0 lets the system choose. Nobody else can listen there meanwhile.
 *
 * A choice of the system is let go of and taken again by its number: uWebSockets.js lets an address be reused only where
 * a port was named, and without that a gateway that was killed could not come back while connections of its clients
 * linger (TIME_WAIT, a minute).
 *
 * @throws Error when the address cannot be had.
 */
export async function listen(uws: Uws, app: TemplatedApp, host: string, port: number): Promise<Listening> {
  if (port !== 0) return listenAt(uws, app, host, port);
  for (let attempt = 1; ; attempt++) {
    const chosen = await listenAt(uws, app, host, 0);
    chosen.close();
    try {
      return await listenAt(uws, app, host, chosen.port);
    } catch (error) {
      // Somebody else was given it in between.
      if (attempt === 3) throw error;
    }
  }
}

function listenAt(uws: Uws, app: TemplatedApp, host: string, port: number): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const onListening = (socket: us_listen_socket | false) => {
      if (socket === false)
        return reject(new Error(`Cannot listen at ${host}, port ${port}: it may be taken.`));
      resolve({ port: uws.us_socket_local_port(socket), close: () => uws.us_listen_socket_close(socket) });
    };
    // Its types leave out that a host and options may be given together.
    const listenWith = app.listen as unknown as ListenWithOptions;
    listenWith.call(app, host, port, EXCLUSIVE, onListening);
  });
}

type ListenWithOptions = (
  this: TemplatedApp,
  host: string,
  port: number,
  options: number,
  onListening: (socket: us_listen_socket | false) => void,
) => void;

/** LIBUS_LISTEN_EXCLUSIVE_PORT: otherwise a second process may listen at a named port and take half the connections. */
const EXCLUSIVE = 1;
