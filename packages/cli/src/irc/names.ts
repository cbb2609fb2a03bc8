import { basename } from 'node:path';
import { UserId } from '@parley/domain/ids';

/**
 * The user of a nick: letters, digits, `_` and `-` stay, every other byte of its UTF-8 becomes `=XX`, so two nicks are
 * never one user. A nick spelt like the owner of the conversation gets its first byte written out, because it is not the
 * owner. Undefined when the id would have more than 64 characters.
 */
export function userOfNick(nick: string, owner: string): string | undefined {
  const id = escaped(nick, /[A-Za-z0-9_-]/);
  const own = id === owner ? hex(nick.charCodeAt(0)) + id.slice(1) : id;
  return UserId.is(own) && own.length >= 1 && own.length <= 64 ? own : undefined;
}

/** What a file is called in ids of commands and producers: at most 80 characters, else undefined. */
export function sourceOfFile(path: string): string | undefined {
  const source = escaped(basename(path), /[A-Za-z0-9_.-]/);
  return source.length <= 80 ? source : undefined;
}

/** The conversation of one file: its name without the extension, dots as `-`. */
export function conversationOfFile(path: string): string {
  return `irc-${escaped(stemOf(path).replaceAll('.', '-'), /[A-Za-z0-9_-]/)}`;
}

/** Midnight UTC of the date in a file's name (`2007-06-04.train-a.txt`) in ms, or undefined. */
export function midnightOfFile(path: string): number | undefined {
  const date = /(\d{4})-(\d{2})-(\d{2})/.exec(basename(path));
  if (date === null) return undefined;
  const at = Date.parse(`${date[0]}T00:00:00Z`);
  return Number.isNaN(at) || at < 0 ? undefined : at;
}

export const stemOf = (path: string): string => basename(path).replace(/\.(txt|log)$/i, '');

function escaped(text: string, kept: RegExp): string {
  let out = '';
  for (const byte of new TextEncoder().encode(text)) {
    const character = String.fromCharCode(byte);
    out += kept.test(character) ? character : hex(byte);
  }
  return out;
}

const hex = (byte: number): string => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
