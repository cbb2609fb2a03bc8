import type { ConversationId } from '../ids.js';

/**
 * 32-bit FNV-1a of the UTF-8 bytes of `text` (Fowler, Noll, Vo; draft-eastlake-fnv, offset basis 0x811c9dc5, prime
 * 0x01000193), as an unsigned integer. `text` must be well formed.
 */
export function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) {
    const point = character.codePointAt(0) as number;
    if (point < 0x80) hash = mix(hash, point);
    else if (point < 0x800) hash = mix(mix(hash, 0xc0 | (point >> 6)), tail(point));
    else if (point < 0x10000) hash = mix(mix(mix(hash, 0xe0 | (point >> 12)), tail(point >> 6)), tail(point));
    else {
      hash = mix(mix(hash, 0xf0 | (point >> 18)), tail(point >> 12));
      hash = mix(mix(hash, tail(point >> 6)), tail(point));
    }
  }
  return hash >>> 0;
}

/**
 * Partition of a conversation, 0 to `partitions` - 1: FNV-1a, its upper half folded onto its lower by XOR, modulo the count.
 * Folded, because the low bits of FNV-1a see only the low bits of each character: of direct conversations between neighbours
 * (user1 and user2, user3 and user4 ...) one of 16 partitions got 2.8 times its share. Chosen once; see the test vectors.
 */
export function partitionOf(conversationId: ConversationId, partitions: number): number {
  const hash = fnv1a32(conversationId);
  return ((hash ^ (hash >>> 16)) >>> 0) % partitions;
}

/** Two-digit name of a partition, as streams and subjects carry it. */
export const partitionLabel = (partition: number): string => String(partition).padStart(2, '0');

const mix = (hash: number, byte: number): number => Math.imul(hash ^ byte, 0x01000193);
const tail = (bits: number): number => 0x80 | (bits & 0x3f);
