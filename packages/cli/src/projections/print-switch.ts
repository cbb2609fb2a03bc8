import { listVersions, type Version } from '@parley/infra/read-model/versions';
import type { OpenDatabase } from '../terminal/database.js';

/** Says which version is served since a switch, and which was before. */
export async function printSwitch(pool: OpenDatabase['pool'], served: Version, json?: true): Promise<void> {
  const previous = (await listVersions(pool)).find(({ role }) => role === 'previous')?.version;
  const { version, model } = served;
  const before = previous === undefined ? '' : `; version ${previous} was before`;
  process.stdout.write(
    json
      ? `${JSON.stringify({ served: version, model, previous })}\n`
      : `version ${version} (model ${model}) is served${before}\n`,
  );
}
