import type { CommandOf, CommandType } from '../conversation/commands.js';
import { type Command, peopleNamed } from '../conversation/commands.js';

/** The conversation the specs talk about, and a moment in it (2026-01-01 12:00 UTC). */
export const GARDEN = 'garden';
export const NOON = 1_767_268_800_000;

type Data<T extends CommandType> = CommandOf<T>['data'];
type Given<T extends CommandType> = Omit<Data<T>, 'conversationId' | 'commandId'> &
  Partial<Pick<Data<T>, 'conversationId' | 'commandId'>>;

/** A command as the command-api hands it to the decider: in the garden at noon, with an id of its own unless it says so. */
export function command<T extends CommandType>(
  type: T,
  actor: string,
  data: Given<T>,
  at = NOON,
): CommandOf<T> {
  const whole = { conversationId: GARDEN, commandId: `command-${++issued}`, ...data } as Data<T>;
  const people = peopleNamed(type, whole as Command['data'], actor);
  return {
    type,
    actor,
    at,
    data: whole,
    device: 'phone',
    p2pMax: 2,
    banHashes: Object.fromEntries(people.map((user) => [user, hashOf(user)])),
  };
}

/** The keyed hash of a user, as far as a spec needs one: nothing of the plain id in it. */
export const hashOf = (user: string): string =>
  `h_${[...user].map((character) => (character.codePointAt(0) ?? 0).toString(16)).join('')}`;

let issued = 0;

export const text = (words: string) => ({ kind: 'text', text: words }) as const;
