import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** Tries to find one pair of ports. */
const TRIES = 50;

/**
 * Ports of loopback that are free, each with a free one above it: RTP and its RTCP. Somebody else may take one before it is used.
 *
 * @throws Error when there are none
 */
export async function freePortPairs(count: number): Promise<readonly number[]> {
  const held: Socket[] = [];
  const ports: number[] = [];
  try {
    for (let tries = 0; ports.length < count; tries++) {
      if (tries === TRIES) throw new Error('there are no free ports for a broadcast');
      const port = await hold(0, held);
      if (port === undefined || port % 2 === 1) continue;
      if ((await hold(port + 1, held)) !== undefined) ports.push(port);
    }
    return ports;
  } finally {
    await Promise.all(held.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))));
  }
}

async function hold(port: number, held: Socket[]): Promise<number | undefined> {
  const socket = createSocket('udp4');
  try {
    const listening = once(socket, 'listening');
    socket.bind(port, '127.0.0.1');
    await listening;
  } catch {
    return undefined;
  }
  held.push(socket);
  return socket.address().port;
}
