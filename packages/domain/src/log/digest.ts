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
 * and data. Not of `at`, nor of a message's `expiresAt` except as its distance from `at`: so two runs of the same import
 * agree, whenever each took place. Data is hashed as JSON, its keys in the order in which the log has them, without what is of the
 * stack and not of the conversation: a body that is sealed, which is different each time it is sealed, vouches for itself by its own tag,
 * and may be taken out of the log; hashes of people, which are keyed by the stack; and where in a stream something was that was taken out.
 */
export function digestOf(event: LoggedEvent): Digest {
  const { conversationId, seq, type, version, actor, commandId } = event;
  const data = JSON.stringify(timeless(event)) ?? 'null';
  return digestOfText(`${conversationId}\n${seq}\n${type}\n${version}\n${actor}\n${commandId}\n${data}`);
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

function timeless(event: LoggedEvent): unknown {
  const { type, at } = event;
  const data = withoutStack(event.type, withoutSealed(event));
  if (typeof data !== 'object' || data === null || !('expiresAt' in data)) return data;
  const expiresAt =
    typeof data.expiresAt === 'number' ? timelessEnd(type, data.expiresAt, at) : data.expiresAt;
  return { ...data, expiresAt };
}

function withoutSealed({ type, version, data }: LoggedEvent): unknown {
  if (typeof data !== 'object' || data === null) return data;
  if ('body' in data && isSealed(data.body)) return { ...data, body: '' };
  // Titles of older versions are plain, whatever they look like.
  const isOpaque = version >= (OPAQUE_SINCE[type] ?? Number.POSITIVE_INFINITY);
  return isOpaque && 'title' in data && isSealed(data.title) ? { ...data, title: '' } : data;
}

/** Data without what another stack has otherwise. */
function withoutStack(type: string, data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return data;
  switch (type) {
    case 'conversation.created':
    case 'member.added':
      return 'members' in data ? { ...data, members: eachWithout(data.members, 'banHash') } : data;
    case 'member.banned':
    case 'member.unbanned':
      return { ...data, banHash: '' };
    case 'message.erased':
      return 'remains' in data ? { ...data, remains: eachWithout(data.remains, 'streamSeq') } : data;
    default:
      return data;
  }
}

const eachWithout = (items: unknown, field: string): unknown =>
  Array.isArray(items)
    ? items.map((item: unknown) =>
        typeof item === 'object' && item !== null && field in item ? { ...item, [field]: '' } : item,
      )
    : items;

const OPAQUE_SINCE: Readonly<Record<string, number>> = {
  'conversation.created': 3,
  'conversation.renamed': 2,
};

const isSealed = (opaque: unknown): boolean => typeof opaque === 'string' && !opaque.startsWith('p0.');

/** A message lives as long as it was given; what is about a message repeats its end; a conversation's end was asked for as it is. */
function timelessEnd(type: string, expiresAt: number, at: number): number | undefined {
  if (type === 'message.sent') return expiresAt - at;
  return type.startsWith('message.') ? undefined : expiresAt;
}

/** Part of every runtime we run in, though not of the language. */
declare const TextEncoder: new () => {
  encodeInto(text: string, target: Uint8Array): { readonly written: number };
};

const encoder = new TextEncoder();

/** Grows to the longest text seen; hashing is synchronous, so one is enough. */
let bytes = new Uint8Array(4_096);

/** Digest of any text: of what a replay makes of an event, say. */
export function digestOfText(text: string): Digest {
  // A UTF-16 unit takes three bytes of UTF-8 at most.
  if (text.length * 3 > bytes.length) bytes = new Uint8Array(text.length * 3);
  return murmur3(bytes, encoder.encodeInto(text, bytes).written);
}
