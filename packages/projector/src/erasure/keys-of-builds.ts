import { schemaOf } from '@parley/infra/read-model/schema-name';
import { listVersions, type VersionsDatabase } from '@parley/infra/read-model/versions';

/** A key in Redis for each build there is: also those that are not served now have what was cached while they were. */
export async function keysOfBuilds(
  database: VersionsDatabase,
  keyOf: (schema: string) => string,
): Promise<readonly string[]> {
  return (await listVersions(database)).map(({ version }) => keyOf(schemaOf(version)));
}
