import { type Command, type CommandType, peopleNamed } from '@parley/domain/conversation/commands';
import type { BanHash } from '@parley/domain/conversation/vocabulary';
import { banHash } from '@parley/infra/runtime/ban-hash';

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
