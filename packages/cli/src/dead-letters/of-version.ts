import { listVersions, requireVersion, type VersionsDatabase } from '@parley/infra/read-model/versions';
import { type Letter, listLetters } from '@parley/projector/parked/letters';
import { Option } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { versionNumber } from '../projections/version-number.js';
import { CliError } from '../terminal/cli-error.js';
import type { LetterId } from './letter-id.js';

/** Letters are of a build: each met, or did not meet, what it could not take. */
export type VersionFlags = { readonly version?: number };

export const versionOption = (): Option =>
  new Option('--version <n>', 'of this version of the read model; else of the one that is served').argParser(
    versionNumber,
  );

/**
 * The build that was asked for, else the one that is served.
 *
 * @throws VersionRefused where there is none such
 */
export async function versionOf(database: VersionsDatabase, { version }: VersionFlags): Promise<number> {
  if (version !== undefined) return (await requireVersion(database, version)).version;
  const served = (await listVersions(database)).find(({ role }) => role === 'served');
  if (served === undefined)
    throw new CliError('no version of the read model is served: name one by --version', exitCodes.noInput);
  return served.version;
}

/**
 * A letter of a build.
 *
 * @throws CliError where it has no such letter
 */
export async function requireLetter(
  database: VersionsDatabase,
  version: number,
  at: LetterId,
): Promise<Letter> {
  const [letter] = await listLetters(database, version, { most: 1, at });
  if (letter !== undefined) return letter;
  throw new CliError(
    `version ${version} has no letter ${at.id}: \`parley dead-letters list\` lists what it has`,
    exitCodes.noInput,
  );
}
