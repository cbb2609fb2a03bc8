import { createHmac } from 'node:crypto';
import { type Command, type CommandType, peopleNamed } from '@parley/domain/conversation/commands';
import type { BanHash } from '@parley/domain/conversation/vocabulary';

/** Keyed hash of a person in one conversation: HMAC-SHA-256, 128 bits, base64url. Differs between conversations. */
export function banHash(key: Uint8Array, conversationId: string, user: string): BanHash {
  return createHmac('sha256', key).update(`${conversationId}/${user}`).digest('base64url').slice(0, 22);
}

/** The hashes of everyone a command names; most commands name nobody. */
export function banHashesFor(
  key: Uint8Array,
  type: CommandType,
  data: Command['data'],
  actor: string,
): Readonly<Record<string, BanHash>> {
  const people = peopleNamed(type, data, actor);
  if (people.length === 0) return none;
  return Object.fromEntries(people.map((user) => [user, banHash(key, data.conversationId, user)]));
}

const none = {};
