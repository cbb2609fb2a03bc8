import pg from 'pg';

export type VerifyingSession = {
  readonly client: pg.Client;
  end(): Promise<void>;
};

/**
 * A connection to look at a build with. Plans are held to indexes, because everything is read by key; a statement may take long, but not
 * wait for a lock. A process that freezes loses its transaction, and the lock in it, after ten minutes, for so long it may read the log without a word
 * to Postgres; one that dies, at once.
 *
 * @throws when Postgres does not answer within 5 s
 */
export async function openVerifyingSession(databaseUrl: string): Promise<VerifyingSession> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: 'verify',
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    statement_timeout: 600_000,
    lock_timeout: 60_000,
    idle_in_transaction_session_timeout: 600_000,
  });
  client.on('error', () => undefined);
  await client.connect();
  await client.query(settings);
  return { client, end: () => client.end().catch(() => undefined) };
}

const settings =
  'set enable_seqscan = off; set enable_bitmapscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set jit = off';
