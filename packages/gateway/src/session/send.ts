import type { GatewayMetrics } from '../metrics.js';
import type { Session } from './session.js';

/**
 * Sends a frame to one connection, in order with what was published to it before. One that is closing gets nothing more;
 * what does not fit into the buffer is noticed by the socket's `dropped` handler.
 */
export function send(metrics: GatewayMetrics, session: Session, frame: string): void {
  const { socket, state } = session;
  if (socket === undefined || state.tag === 'closing' || state.tag === 'closed') return;
  metrics.framesOut.inc();
  // As bytes: of a string that V8 keeps in Latin-1, this binary's `send` puts out those bytes, which no client takes for
  // text (its `publish` does encode).
  socket.send(Buffer.from(frame), false);
}
