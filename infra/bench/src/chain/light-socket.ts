import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { textFrame } from './text-frame.js';

/** What one connection tells. `frame` is only valid until the call returns. */
export type LightEvents = {
  onOpen(): void;
  onText(frame: Buffer): void;
  onClose(): void;
};

export type LightSocket = { send(text: string): void; destroy(): void };

/** Source addresses: one has not enough ports for tens of thousands. */
const ADDRESSES = 8;
let next = 0;

/** What all sockets read into. */
const shared = Buffer.allocUnsafe(256 * 1024);

/** A WebSocket client as cheap as it can be: a plain socket that shakes hands by hand, and reads whole text frames. */
export function openLightSocket({ hostname, port, pathname }: URL, events: LightEvents): LightSocket {
  const reader = openFrameReader(events, (pong) => socket.write(pong));
  const socket: Socket = connect({
    host: hostname,
    port: Number(port),
    localAddress: `127.0.0.${2 + (next++ % ADDRESSES)}`,
    onread: {
      buffer: shared,
      callback: (length) => {
        reader(shared.subarray(0, length));
        return true;
      },
    },
  });
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  socket.on('close', () => events.onClose());
  socket.write(
    `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Protocol: parley.v1\r\n\r\n`,
  );
  return { send: (text) => void socket.write(textFrame(text)), destroy: () => void socket.destroy() };
}

function openFrameReader(events: LightEvents, pong: (frame: Buffer) => void): (bytes: Buffer) => void {
  let isOpen = false;
  let rest: Buffer | undefined;

  return (arrived) => {
    let bytes = rest === undefined ? arrived : Buffer.concat([rest, arrived]);
    rest = undefined;
    if (!isOpen) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) {
        rest = Buffer.from(bytes);
        return;
      }
      isOpen = true;
      bytes = bytes.subarray(end + 4);
      events.onOpen();
    }
    let at = 0;
    for (;;) {
      const frame = frameAt(bytes, at);
      if (frame === undefined) break;
      if (frame.opcode === TEXT) events.onText(bytes.subarray(frame.from, frame.to));
      if (frame.opcode === PING) pong(PONG);
      at = frame.to;
    }
    if (at < bytes.length) rest = Buffer.from(bytes.subarray(at));
  };
}

const TEXT = 1;
const PING = 9;
/** Empty and masked, as the server's pings are empty. */
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);

/** The frame that begins at a place (RFC 6455, 5.2), if it is whole. A server's frames are not masked. */
function frameAt(bytes: Buffer, at: number) {
  if (bytes.length < at + 2) return undefined;
  const short = (bytes[at + 1] as number) & 127;
  const more = short === 127 ? 8 : short === 126 ? 2 : 0;
  if (bytes.length < at + 2 + more) return undefined;
  const length = more === 0 ? short : bytes.readUIntBE(at + 2 + Math.max(0, more - 6), Math.min(more, 6));
  const from = at + 2 + more;
  const opcode = (bytes[at] as number) & 15;
  return bytes.length < from + length ? undefined : { opcode, from, to: from + length };
}
