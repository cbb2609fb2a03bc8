import { type Hash128, murmur3 } from './murmur3.js';

/**
 * What a run of events amounts to, in 128 bits: the sum of the events' hashes, lane by lane modulo 2^32. A sum does not
 * depend on how conversations were interleaved, counts a repeated event twice and misses a lost one, so two builds of the
 * same log agree exactly when each has folded every event once.
 */
export type Digest = Hash128;

export const emptyDigest: Digest = [0, 0, 0, 0];

/** An event as the log has it, before upcasting: so a digest does not change when a new version of an event is made. */
export type LoggedEvent = {
  readonly type: string;
  readonly version: number;
  readonly conversationId: string;
  readonly seq: number;
  readonly at: number;
  readonly actor: string;
  readonly commandId: string;
  readonly data: unknown;
};

export const addDigest = (one: Digest, other: Digest): Digest => [
  (one[0] + other[0]) >>> 0,
  (one[1] + other[1]) >>> 0,
  (one[2] + other[2]) >>> 0,
  (one[3] + other[3]) >>> 0,
];

/**
 * Digest of one event: MurmurHash3 (x86, 128 bits, seed 0) of its conversationId, seq, type, version, actor, commandId
 * and data. Not of `at`, nor of `expiresAt` except as its distance from `at`: so two runs of the same import agree,
 * whenever each took place. Data is hashed as JSON with sorted keys.
 */
export function digestOf(event: LoggedEvent): Digest {
  const { conversationId, seq, type, version, actor, commandId } = event;
  const data = canonicalJson(timeless(event));
  return hashText(`${conversationId}\n${seq}\n${type}\n${version}\n${actor}\n${commandId}\n${data}`);
}

/** 32 hexadecimal digits. */
export const digestHex = (digest: Digest): string =>
  digest.map((lane) => lane.toString(16).padStart(8, '0')).join('');

/** @throws RangeError for anything but 32 hexadecimal digits. */
export function readDigest(hex: string): Digest {
  if (!/^[0-9a-f]{32}$/.test(hex)) throw new RangeError(`not a digest: ${hex}`);
  const lane = (index: number): number => Number.parseInt(hex.slice(index * 8, index * 8 + 8), 16);
  return [lane(0), lane(1), lane(2), lane(3)];
}

function timeless({ data, at }: LoggedEvent): unknown {
  if (typeof data !== 'object' || data === null || !('expiresAt' in data)) return data;
  return { ...data, expiresAt: Number(data.expiresAt) - at };
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  let json = '';
  for (const key of Object.keys(value).sort()) {
    const field = (value as Record<string, unknown>)[key];
    if (field !== undefined)
      json += `${json === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(field)}`;
  }
  return `{${json}}`;
}

/** Grows to the longest text seen; hashing is synchronous, so one is enough. */
let bytes = new Uint8Array(4_096);

function hashText(text: string): Digest {
  if (text.length * 3 > bytes.length) bytes = new Uint8Array(text.length * 3);
  return murmur3(bytes, writeUtf8(text, bytes));
}

/** UTF-8 as the log holds it; a lone surrogate, which no codec lets in, is written as its three bytes. */
function writeUtf8(text: string, target: Uint8Array): number {
  let end = 0;
  for (let i = 0; i < text.length; i++) {
    let point = text.charCodeAt(i);
    if (point < 0x80) {
      target[end++] = point;
      continue;
    }
    if (point >= 0xd800 && point <= 0xdbff) {
      point = text.codePointAt(i) as number;
      if (point > 0xffff) i++;
    }
    if (point < 0x800) target[end++] = 0xc0 | (point >> 6);
    else if (point < 0x10000) {
      target[end++] = 0xe0 | (point >> 12);
      target[end++] = 0x80 | ((point >> 6) & 0x3f);
    } else {
      target[end++] = 0xf0 | (point >> 18);
      target[end++] = 0x80 | ((point >> 12) & 0x3f);
      target[end++] = 0x80 | ((point >> 6) & 0x3f);
    }
    target[end++] = 0x80 | (point & 0x3f);
  }
  return end;
}
