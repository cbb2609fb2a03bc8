import { basename, relative } from 'node:path';
import { NONCE_CHARACTERS } from '@parley/domain/sealing/sealed-text';
import { type Searched, searchDirectory } from './search-directory.js';

/** A data directory of one of the servers. */
export type Store = { readonly name: 'nats' | 'postgres' | 'redis'; readonly directory: string };

/** A sealed body, or a wrapped secret, as it was found in a file. */
export type Copy = { readonly store: Store['name']; readonly file: string; readonly offset: number };

export type SearchedStore = Searched & { readonly store: Store['name']; readonly directory: string };

export type Copies = {
  readonly searched: readonly SearchedStore[];
  /** By nonce, of the bodies asked about. */
  readonly bodies: ReadonlyMap<string, readonly Copy[]>;
  /** By name, of the secrets asked about: wrapped, so that who has the master key has them. */
  readonly secrets: ReadonlyMap<string, readonly Copy[]>;
};

/** What is looked for: sealed bodies by their nonces, wrapped secrets by their names. */
export type Wanted = { readonly nonces: ReadonlySet<string>; readonly secrets: ReadonlySet<string> };

/** Copies that are kept of each: more say nothing more. */
const MOST_COPIES = 10;

/**
 * Looks through every byte of the servers' data directories for copies, whatever they are parts of: rows, dead rows, write-ahead logs, blocks of
 * streams, dumps.
 *
 * @param onProgress told of the bytes read so far, of all directories
 * @throws what the file system says of a directory or file that may not be read
 */
export async function searchStores(
  stores: readonly Store[],
  wanted: Wanted,
  onProgress: (bytes: number) => void = () => undefined,
): Promise<Copies> {
  const bodies = new Map<string, Copy[]>();
  const secrets = new Map<string, Copy[]>();
  const searched: SearchedStore[] = [];
  let before = 0;
  for (const { name: store, directory } of stores) {
    const found = await searchDirectory(directory, {
      needle: NEEDLE,
      longest: LONGEST,
      onFind: ({ match, file, offset }) => {
        const [, nonce, name] = match;
        const copy = () => ({ store, file: relative(directory, file), offset });
        if (nonce !== undefined && wanted.nonces.has(nonce)) add(bodies, nonce, copy);
        if (name !== undefined && wanted.secrets.has(name)) add(secrets, name, copy);
      },
      onProgress: (bytes) => onProgress(before + bytes),
    });
    before += found.bytes;
    searched.push({ store, directory: basename(directory), ...found });
  }
  return { searched, bodies, secrets };
}

/**
 * A sealed body by its beginning; or a wrapped secret as a stream of the broker stores it: the subject, perhaps the length of headers in four
 * bytes and the headers, then the value, whose first byte is 1.
 */
const NEEDLE = new RegExp(
  `s1\\.(?:t\\d{1,5}-\\d{1,12}|m\\d{4,6}-\\d\\d)\\.([\\w-]{${NONCE_CHARACTERS}})` +
    '|\\$KV\\.VAULT\\.((?:bucket|conversation|author|held)\\.[\\w.=-]{1,200})(?:[^]{4}NATS/1\\.0\\r\\n[^]{0,400}?\\r\\n\\r\\n)?\\x01',
  'g',
);

const LONGEST = 800;

function add(copies: Map<string, Copy[]>, key: string, copy: () => Copy): void {
  const known = copies.get(key);
  // Copied, because what was cut out of a piece of a file keeps all of that piece.
  if (known === undefined) copies.set(Buffer.from(key, 'latin1').toString('latin1'), [copy()]);
  else if (known.length < MOST_COPIES) known.push(copy());
}
