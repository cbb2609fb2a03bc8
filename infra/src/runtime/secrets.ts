import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { secret } from './field-codecs.js';

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
  await createOnce(path);
  return stored(path);
};

/**
 * The secrets of a home, or undefined where no stack has been.
 *
 * @throws UnsafeSecrets when others could have read or written them
 */
export const knownSecrets = async (home: string): Promise<LocalSecrets | undefined> => {
  const path = join(home, 'secrets.json');
  return (await stat(path).catch(() => undefined)) === undefined ? undefined : stored(path);
};

const stored = async (path: string): Promise<LocalSecrets> => {
  await refuseUnsafe(path);
  const read = Stored.decode(JSON.parse(await readFile(path, 'utf8')));
  if (E.isLeft(read)) throw new UnsafeSecrets(`${path} does not hold the secrets of a stack`);
  return read.right;
};

export class UnsafeSecrets extends Error {}

const Base64Secret = (leastBytes: number): t.Type<string, string, unknown> =>
  t.refinement(t.string, (text) => E.isRight(secret(leastBytes).decode(text)));

const Stored = t.type({ tokenSecret: Base64Secret(32), banKey: Base64Secret(16) });

/** Whole or not at all, and never over an existing one, whoever starts at the same time. */
const createOnce = async (path: string): Promise<void> => {
  if (await stat(path).catch(() => undefined)) return;
  const draft = `${path}.${process.pid}.new`;
  const fresh: LocalSecrets = { tokenSecret: randomSecret(32), banKey: randomSecret(32) };
  await writeFile(draft, `${JSON.stringify(fresh, null, 2)}\n`, { mode: 0o600 });
  await chmod(draft, 0o600);
  await link(draft, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(draft, { force: true });
};

const refuseUnsafe = async (path: string): Promise<void> => {
  const { mode, uid } = await stat(path);
  if ((mode & 0o077) !== 0) {
    throw new UnsafeSecrets(
      `${path} can be read or written by others: chmod 600 ${path}, or delete it for new secrets`,
    );
  }
  const mine = process.getuid?.();
  if (mine !== undefined && mine !== 0 && uid !== mine) {
    throw new UnsafeSecrets(`${path} belongs to user ${uid}, not to the one who runs this`);
  }
};

const randomSecret = (bytes: number): string => randomBytes(bytes).toString('base64url');
