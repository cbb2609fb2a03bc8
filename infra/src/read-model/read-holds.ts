import pg from 'pg';
import { isSchemaName } from './schema-name.js';

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
    const active = await client.query<{ active: string }>('select active from parley.read_model');
    const schema = active.rows[0]?.active ?? '';
    if (!isSchemaName(schema)) throw new Error('there is no read model');
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
