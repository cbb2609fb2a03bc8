import pg from 'pg';
import type { Share } from '../checkpoint.js';

/** Name of a projector's sessions: which read model it builds, and a part that tells the processes apart. */
export const sessionName = (readModel: number, instance: string): string =>
  `projector-${readModel}-${instance}`;

/** A connection of its own, which can hold the lock of a share and writes under it. */
export type Session = {
  readonly client: pg.Client;
  /** Aborted when the connection is lost or ended: whoever works under its lock must stop. */
  readonly lost: AbortSignal;
  end(): Promise<void>;
};

/**
 * Connects. Plans are held to indexes: everything a projection changes is found by key, and statistics made while a table
 * grew from nothing would suggest otherwise. None is compiled: a table of a few rows that is read without an index all the same
 * would be taken for work without end. Commits do not wait for the disk: rows and checkpoint are lost together when
 * Postgres crashes, and made again from the log, which has its own promise.
 *
 * @param name what Postgres and other projectors know this process by: `sessionName`.
 * @throws when Postgres does not answer within 5 s.
 */
export async function openSession(databaseUrl: string, name: string): Promise<Session> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: name,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    statement_timeout: 60_000,
    query_timeout: 90_000,
    idle_in_transaction_session_timeout: 30_000,
  });
  const lost = new AbortController();
  client.on('error', () => lost.abort());
  client.on('end', () => lost.abort());
  await client.connect();
  await client.query(PLANS_AND_COMMITS);
  return {
    client,
    lost: lost.signal,
    end: async () => {
      lost.abort();
      await client.end().catch(() => undefined);
    },
  };
}

/** What every session that projects is set to. */
export const PLANS_AND_COMMITS =
  'set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set jit = off; set synchronous_commit = off';

/** Takes the lock of a share if nobody has it. It is held until the session ends. */
export async function tryLock(
  { client }: Session,
  readModel: number,
  { projection, partition }: Share,
): Promise<boolean> {
  const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1, $2) as taken', [
    lockClass(readModel, projection),
    partition,
  ]);
  return rows[0]?.taken === true;
}

/** Any number that nothing else uses, and room for the versions of the read model. */
export const lockClass = (readModel: number, projection: Share['projection']): number =>
  704_180_000 + readModel * 10 + (projection === 'timeline' ? 0 : 1);

/** A projector as Postgres sees it: its sessions share a name, and the newest word of any of them is its sign of life. */
export type Peer = { readonly name: string; readonly silentMs: number };

/** All projectors of a read model with a session, this one among them. */
export async function listPeers(
  { client }: { readonly client: Pick<pg.ClientBase, 'query'> },
  readModel: number,
): Promise<readonly Peer[]> {
  const { rows } = await client.query<{ name: string; silent: number }>(
    `select application_name as name,
       coalesce(extract(epoch from clock_timestamp() - max(greatest(state_change, query_start))), 0)::float8 as silent
     from pg_stat_activity
     where datname = current_database() and application_name like $1
     group by application_name`,
    [sessionName(readModel, '%')],
  );
  return rows.map(({ name, silent }) => ({ name, silentMs: silent * 1_000 }));
}

/** Ends every session of a projector, and with them its locks and whatever transaction it was frozen in. */
export async function expel(
  { client }: { readonly client: Pick<pg.ClientBase, 'query'> },
  name: string,
): Promise<void> {
  await client.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name = $1 and pid <> pg_backend_pid()`,
    [name],
  );
}
