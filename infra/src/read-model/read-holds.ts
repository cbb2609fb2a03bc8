import pg from 'pg';
import { schemaOf } from './schema-name.js';
import { NoReadableVersion, servedTo } from './served-version.js';
import { listVersions } from './versions.js';

/** A conversation on legal hold; `since` in ms. */
export type Held = {
  readonly conversationId: string;
  readonly reason: string;
  readonly since: number;
  readonly by: string;
};

/**
 * All conversations on hold, as the rows of the active read model know them, the one held longest first.
 *
 * @throws when Postgres does not answer within 10 s, or there is no read model
 */
export async function readHolds(databaseUrl: string): Promise<readonly Held[]> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const served = servedTo(await listVersions(client));
    if (served === undefined) throw new NoReadableVersion();
    const schema = schemaOf(served.version);
    const { rows } = await client.query<Record<string, string>>(
      `select conversation_id, hold_reason, hold_since, hold_by from ${schema}.conversation
       where hold_since is not null order by hold_since, conversation_id`,
    );
    return rows.map(({ conversation_id, hold_reason, hold_since, hold_by }) => ({
      conversationId: conversation_id as string,
      reason: hold_reason as string,
      since: Number(hold_since),
      by: hold_by as string,
    }));
  } finally {
    await client.end().catch(() => undefined);
  }
}
