import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { textFrame } from './text-frame.js';

/**
 * Very many WebSocket clients as cheap as they can be: plain sockets that shake hands by hand, read all into one buffer and
 * count frames. A program of its own.
 *
 * Takes `{open: {url, tokens}}` or `{open: {url, count}}` and says `{ready}` when all are open (with a token: the session
 * too); takes `{expect: n}` and says `{reached}` when n more frames with text have come; takes `{say: text}`, which each sends;
 * takes `{count}` and says `{counted: {frames, bytes}}` of what came since it was last told to expect something; says `{lost}` for
 * each that closes.
 */
type Order = {
  readonly open?: Opening;
  readonly expect?: number;
  readonly say?: string;
  readonly count?: true;
};
type Opening = { readonly url: string; readonly count?: number; readonly tokens?: readonly string[] };

let frames = 0;
let bytes = 0;
const clients: Client[] = [];
let wanted = Number.POSITIVE_INFINITY;

process.on('message', (order: Order) => {
  if (order.open !== undefined) void openAll(order.open);
  if (order.say !== undefined) for (const { socket } of clients) socket.write(textFrame(order.say));
  if (order.count) process.send?.({ counted: { frames, bytes } });
  if (order.expect === undefined) return;
  frames = 0;
  bytes = 0;
  wanted = order.expect;
  process.send?.({ counting: true });
});
process.on('disconnect', () => process.exit(0));

/** Sockets that open at once. */
const AT_ONCE = 100;
/** Source addresses: one has not enough ports for tens of thousands. */
const ADDRESSES = 8;

async function openAll({ url, tokens, count = tokens?.length ?? 0 }: Opening): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const n = next++;
      await openOne(new URL(url), `127.0.0.${2 + (n % ADDRESSES)}`, tokens?.[n]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  process.send?.({ ready: count });
}

/** What all sockets read into: nothing is kept of it. */
const shared = Buffer.allocUnsafe(256 * 1024);

function openOne(
  { hostname, port, pathname }: URL,
  localAddress: string,
  token: string | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: hostname,
      port: Number(port),
      localAddress,
      onread: { buffer: shared, callback: (length) => onBytes(client, shared.subarray(0, length)) },
    });
    const client: Client = { socket, token, handshake: '', head: [], left: 0, opened: resolve };
    clients.push(client);
    socket.setNoDelay(true);
    socket.on('error', reject);
    socket.on('close', () => {
      process.send?.({ lost: 1 });
      reject(new Error('closed'));
    });
    socket.write(
      `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Protocol: parley.v1\r\n\r\n`,
    );
  });
}

type Client = {
  readonly socket: Socket;
  readonly token: string | undefined;
  /** What has come of the answer to the handshake; undefined when all of it has. */
  handshake: string | undefined;
  /** Bytes of a frame's header, where it came in pieces. */
  head: number[];
  /** Bytes of the frame's payload that have not come. */
  left: number;
  /** Undefined once open. */
  opened: (() => void) | undefined;
};

/** Always true: go on reading. */
function onBytes(client: Client, bytes: Buffer): boolean {
  let at = client.handshake === undefined ? 0 : afterHandshake(client, bytes);
  while (at < bytes.length) {
    if (client.left > 0) {
      const part = Math.min(client.left, bytes.length - at);
      client.left -= part;
      at += part;
      continue;
    }
    client.head.push(bytes[at++] as number);
    const length = payloadLength(client.head);
    if (length === undefined) continue;
    const opcode = (client.head[0] as number) & 15;
    client.head.length = 0;
    client.left = length;
    if (opcode === TEXT) onText(client, length);
    if (opcode === PING) client.socket.write(PONG);
  }
  return true;
}

const TEXT = 1;
const PING = 9;
/** Empty and masked, as the server's pings are empty. */
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);

function onText(client: Client, length: number): void {
  if (client.opened !== undefined) {
    client.opened();
    client.opened = undefined;
    return;
  }
  bytes += length;
  if (++frames === wanted) process.send?.({ reached: frames });
}

function afterHandshake(client: Client, bytes: Buffer): number {
  const before = client.handshake?.length ?? 0;
  const answer = `${client.handshake}${bytes.toString('latin1')}`;
  const end = answer.indexOf('\r\n\r\n');
  client.handshake = end < 0 ? answer : undefined;
  if (end < 0) return bytes.length;
  if (!answer.startsWith('HTTP/1.1 101')) throw new Error(answer.slice(0, end));
  if (client.token === undefined) {
    client.opened?.();
    client.opened = undefined;
  } else {
    const params = { token: client.token, device: 'd1' };
    client.socket.write(textFrame(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'session.open', params })));
  }
  return end + 4 - before;
}

/** Undefined while the header (RFC 6455, 5.2) is not complete. A server's frames are not masked. */
function payloadLength(head: readonly number[]): number | undefined {
  if (head.length < 2) return undefined;
  const short = (head[1] as number) & 127;
  const more = short === 127 ? 8 : short === 126 ? 2 : 0;
  if (head.length < 2 + more) return undefined;
  return more === 0 ? short : head.slice(2).reduce((length, byte) => length * 256 + byte, 0);
}
