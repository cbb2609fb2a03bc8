import pg from 'pg';

/** A connection for work on a build that is not served: it takes as long as it takes, and reads whole tables where that is best. */
export async function withBuildSession<A>(
  databaseUrl: string,
  signal: AbortSignal,
  work: (client: pg.Client) => Promise<A>,
): Promise<A> {
  signal.throwIfAborted();
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: 'rebuild',
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  });
  client.on('error', () => undefined);
  await client.connect();
  const stop = (): void => void cancel(databaseUrl, pid);
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const pid = rows[0]?.pid as number;
  signal.addEventListener('abort', stop, { once: true });
  try {
    await client.query('set synchronous_commit = off');
    return await work(client);
  } finally {
    signal.removeEventListener('abort', stop);
    await client.end().catch(() => undefined);
  }
}

/** Ends the statement of another session, which may take minutes and does not notice that nobody waits for it. */
async function cancel(databaseUrl: string, pid: number): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select pg_cancel_backend($1)', [pid]);
  } catch {
    // Where Postgres is away the statement has ended.
  } finally {
    await client.end().catch(() => undefined);
  }
}
