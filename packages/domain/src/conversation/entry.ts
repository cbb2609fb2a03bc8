import type { Command, CommandOf } from './commands.js';
import type { BanHash, Entry, Role } from './vocabulary.js';

/** Somebody who enters, under the hash that came with the command. */
export const entry = (command: CommandOf<Command['type']>, user: string, role: Role): Entry => ({
  user,
  role,
  banHash: hashOf(command, user),
});

/** @throws where the command came without the hash of someone it names: to share one would ban them all together. */
export function hashOf(command: CommandOf<Command['type']>, user: string): BanHash {
  const hash = Object.hasOwn(command.banHashes, user) ? command.banHashes[user] : undefined;
  if (hash === undefined) throw new Error(`${command.type} names ${user} without a ban hash`);
  return hash;
}
