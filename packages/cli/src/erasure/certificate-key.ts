import type { KeyObject } from 'node:crypto';
import { signingKey } from '@parley/infra/erasure/proof/certificate';
import { localCertificateKey } from '@parley/infra/erasure/proof/certificate-key';
import { homeDirectory } from '@parley/infra/runtime/home-directory';
import { variables } from '@parley/infra/runtime/variables';
import * as E from 'fp-ts/lib/Either.js';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';

/** The key that certificates are signed with: PARLEY_CERTIFICATE_KEY, else that of the home. */
export async function certificateKey(env: NodeJS.ProcessEnv = process.env): Promise<KeyObject> {
  const given = env.PARLEY_CERTIFICATE_KEY;
  if (!given) return localCertificateKey(homeDirectory(env));
  const seed = variables.PARLEY_CERTIFICATE_KEY.decode(given);
  if (E.isRight(seed) && seed.right !== undefined) return signingKey(seed.right);
  throw new CliError('PARLEY_CERTIFICATE_KEY must be at least 32 bytes in base64url', exitCodes.config);
}
