import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { secret } from './field-codecs.js';
import { createOnce, exists, readPrivate, UnsafeSecrets } from './private-file.js';

/** What a local stack made for itself; each in base64url, ready for the variable of the same meaning. */
export type LocalSecrets = {
  /** PARLEY_TOKEN_SECRET */
  readonly tokenSecret: string;
  /** PARLEY_BAN_KEY */
  readonly banKey: string;
};

/**
 * Reads the secrets of a home, having made them if there are none.
 *
 * @throws UnsafeSecrets when others could have read or written them
 */
export const localSecrets = async (home: string): Promise<LocalSecrets> => {
  const path = join(home, 'secrets.json');
  await mkdir(home, { recursive: true, mode: 0o700 });
  await createOnce(path, () => {
    const fresh: LocalSecrets = { tokenSecret: randomSecret(32), banKey: randomSecret(32) };
    return `${JSON.stringify(fresh, null, 2)}\n`;
  });
  return stored(path);
};

/**
 * The secrets of a home, or undefined where no stack has been.
 *
 * @throws UnsafeSecrets when others could have read or written them
 */
export const knownSecrets = async (home: string): Promise<LocalSecrets | undefined> => {
  const path = join(home, 'secrets.json');
  return (await exists(path)) ? stored(path) : undefined;
};

const stored = async (path: string): Promise<LocalSecrets> => {
  const read = Stored.decode(JSON.parse(await readPrivate(path)));
  if (E.isLeft(read)) throw new UnsafeSecrets(`${path} does not hold the secrets of a stack`);
  return read.right;
};

const Base64Secret = (leastBytes: number): t.Type<string, string, unknown> =>
  t.refinement(t.string, (text) => E.isRight(secret(leastBytes).decode(text)));

const Stored = t.type({ tokenSecret: Base64Secret(32), banKey: Base64Secret(16) });

const randomSecret = (bytes: number): string => randomBytes(bytes).toString('base64url');
