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
  socket.send(frame);
}
