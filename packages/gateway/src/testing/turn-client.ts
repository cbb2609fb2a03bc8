import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export type TurnCredential = { readonly username: string; readonly credential: string };

/** What a TURN server says to who asks for an allocation: granted, or the number of its refusal (RFC 5389, section 15.6). */
export type Allocation = 'granted' | number;

const MAGIC = 0x2112a442;
const ALLOCATE = 0x0003;
const GRANTED = 0x0103;
const BINDING = 0x0001;
const USERNAME = 0x0006;
const MESSAGE_INTEGRITY = 0x0008;
const ERROR_CODE = 0x0009;
const REALM = 0x0014;
const NONCE = 0x0015;
const REQUESTED_TRANSPORT = 0x0019;
const UDP = Buffer.from([17, 0, 0, 0]);
const HEADER = 20;
const ANSWER_WITHIN_MS = 1_000;

/** Asks a TURN server on this machine for an allocation, first without a credential, as RFC 5766, section 6 has it. */
export async function allocate(port: number, { username, credential }: TurnCredential): Promise<Allocation> {
  const socket = createSocket('udp4');
  try {
    const ask = asker(socket, port);
    const challenge = await ask(message(ALLOCATE, [[REQUESTED_TRANSPORT, UDP]]));
    const realm = challenge.attributes.get(REALM) ?? Buffer.alloc(0);
    const nonce = challenge.attributes.get(NONCE) ?? Buffer.alloc(0);
    const key = createHash('md5').update(`${username}:${realm}:${credential}`).digest();
    const answer = await ask(
      signed(
        message(ALLOCATE, [
          [REQUESTED_TRANSPORT, UDP],
          [USERNAME, Buffer.from(username)],
          [REALM, realm],
          [NONCE, nonce],
        ]),
        key,
      ),
    );
    if (answer.type === GRANTED) return 'granted';
    const error = answer.attributes.get(ERROR_CODE) ?? Buffer.alloc(4);
    return error.readUInt8(2) * 100 + error.readUInt8(3);
  } finally {
    socket.close();
  }
}

/** Whether a STUN server on this machine says where it is asked from. */
export async function isBound(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    return (await asker(socket, port)(message(BINDING, []))).type === 0x0101;
  } finally {
    socket.close();
  }
}

type Attribute = readonly [type: number, value: Buffer];
type Answer = { readonly type: number; readonly attributes: ReadonlyMap<number, Buffer> };

const asker =
  (socket: ReturnType<typeof createSocket>, port: number) =>
  async (question: Buffer): Promise<Answer> => {
    const answered = once(socket, 'message', { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    socket.send(question, port, '127.0.0.1');
    const [answer] = (await answered) as [Buffer];
    return read(answer);
  };

function message(type: number, attributes: readonly Attribute[]): Buffer {
  const body = Buffer.concat(attributes.map(encoded));
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(type, 0);
  header.writeUInt16BE(body.length, 2);
  header.writeUInt32BE(MAGIC, 4);
  randomBytes(12).copy(header, 8);
  return Buffer.concat([header, body]);
}

/** With MESSAGE-INTEGRITY, which is reckoned over what comes before it, with itself already in the length (RFC 5389, section 15.4). */
function signed(unsigned: Buffer, key: Buffer): Buffer {
  const counted = Buffer.from(unsigned);
  counted.writeUInt16BE(unsigned.length - HEADER + 24, 2);
  const integrity = createHmac('sha1', key).update(counted).digest();
  return Buffer.concat([counted, encoded([MESSAGE_INTEGRITY, integrity])]);
}

function encoded([type, value]: Attribute): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt16BE(type, 0);
  header.writeUInt16BE(value.length, 2);
  return Buffer.concat([header, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
}

function read(bytes: Buffer): Answer {
  const attributes = new Map<number, Buffer>();
  for (let at = HEADER; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt16BE(at + 2);
    attributes.set(bytes.readUInt16BE(at), bytes.subarray(at + 4, at + 4 + length));
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return { type: bytes.readUInt16BE(0), attributes };
}
