import { type KeyObject, randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createOnce, readPrivate } from '../../runtime/private-file.js';
import { signingKey } from './certificate.js';

/**
 * The key that a home signs its certificates with, made when it is asked for first.
 *
 * @throws UnsafeSecrets when others could have read or written it
 */
export async function localCertificateKey(home: string): Promise<KeyObject> {
  const path = join(home, 'certificate-key');
  await mkdir(home, { recursive: true, mode: 0o700 });
  await createOnce(path, () => `${randomBytes(32).toString('base64url')}\n`);
  return signingKey(Buffer.from((await readPrivate(path)).trim(), 'base64url'));
}
