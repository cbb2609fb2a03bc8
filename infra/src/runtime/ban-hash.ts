import { createHmac } from 'node:crypto';
import type { BanHash } from '@parley/domain/conversation/vocabulary';

/** Keyed hash of a person in one conversation: HMAC-SHA-256, 128 bits, base64url. Differs between conversations. */
export function banHash(key: Uint8Array, conversationId: string, user: string): BanHash {
  return createHmac('sha256', key).update(`${conversationId}/${user}`).digest('base64url').slice(0, 22);
}
