import { UserId } from '@parley/domain/ids';
import { decodeWith } from '@parley/domain/text';

/** Whether somebody can be called that. */
export const isName = (text: string): boolean => decodeWith(UserId, text)._tag === 'Right';

/** Colours of avatars and of names beside them. */
const HUES = 10;

/** The colour of a name: always the same one. */
export function hueOf(name: string): number {
  let hash = 0;
  for (let index = 0; index < name.length; index++)
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x9e3779b1) ^ (hash >>> 15);
  return ((hash ^ (hash >>> 16)) >>> 0) % HUES;
}

/** One or two letters: of the first and the last word, or of the name's beginning. */
export function initialsOf(name: string): string {
  const [first = '?', ...rest] = name.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
  const last = rest.at(-1);
  const letters = last === undefined ? [...first].slice(0, 2) : [[...first][0], [...last][0]];
  return letters.join('').toUpperCase();
}
