import { homeDirectory } from '@parley/infra/runtime/home-directory';
import { knownMasterKeys } from '@parley/infra/runtime/local-master-keys';
import { variables } from '@parley/infra/runtime/variables';
import * as E from 'fp-ts/lib/Either.js';
import { exitCodes } from '../exit-codes.js';
import { CliError } from './cli-error.js';

/**
 * The master keys of the vault: PARLEY_MASTER_KEYS, else those of the stack in this home.
 *
 * @throws CliError when there are none, or they do not fit
 */
export async function givenMasterKeys(env: NodeJS.ProcessEnv = process.env): Promise<readonly Uint8Array[]> {
  const given = env.PARLEY_MASTER_KEYS || (await knownMasterKeys(homeDirectory(env)));
  const keys = variables.PARLEY_MASTER_KEYS.decode(given);
  if (E.isRight(keys)) return keys.right;
  const reason = given === undefined ? 'it is missing' : (keys.left.at(-1)?.message ?? 'it does not fit');
  throw new CliError(`PARLEY_MASTER_KEYS: ${reason}; without it nothing can be opened`, exitCodes.config);
}
