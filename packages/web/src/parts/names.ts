/** Colours of avatars and of names beside them. */
const HUES = 10;

/** The colour of a name: always the same one. */
export function hueOf(name: string): number {
  let hash = 0;
  for (let index = 0; index < name.length; index++) hash = (hash * 31 + name.charCodeAt(index)) >>> 0;
  return hash % HUES;
}

/** One or two letters: of the first and the last word, or of the name's beginning. */
export function initialsOf(name: string): string {
  const [first = '?', ...rest] = name.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
  const last = rest.at(-1);
  const letters = last === undefined ? [...first].slice(0, 2) : [[...first][0], [...last][0]];
  return letters.join('').toUpperCase();
}
