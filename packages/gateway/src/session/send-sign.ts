import type { GatewayMetrics } from '../metrics.js';
import { send } from './send.js';
import type { Session } from './session.js';

/**
 * Bytes that may wait for a reader before a sign of life: behind more it would come too late to be true, and it must never be
 * what fills the buffer.
 */
const FULL_AT = 16 * 1024;

export const hasRoomForSigns = ({ socket, isOpen }: Session): boolean =>
  isOpen && socket !== undefined && socket.getBufferedAmount() <= FULL_AT;

/** Sends what is true for a moment only, unless the reader is behind. False where it was left out. */
export function sendSign(
  metrics: GatewayMetrics,
  session: Session,
  what: 'typing' | 'presence' | 'speakers',
  frame: string,
): boolean {
  if (!hasRoomForSigns(session)) {
    metrics.leftOut.inc({ what });
    return false;
  }
  send(metrics, session, frame);
  return true;
}
