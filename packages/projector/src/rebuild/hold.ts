import { hostname } from 'node:os';
import pg from 'pg';

/** The right to build versions of a database's read model, as long as the session lives that has it. */
export type Hold = { readonly lost: AbortSignal; end(): Promise<void> };

/** Another process builds a version of this read model. */
export class RebuildHeld extends Error {
  override readonly name = 'RebuildHeld';

  constructor(
    /** Who, as far as Postgres knows. */
    readonly holder: Holder | undefined,
  ) {
    const who =
      holder === undefined ? '' : `, process ${holder.pid} on ${holder.host}, since ${holder.since}`;
    super(`another rebuild is at work${who}: wait until it has ended, or end it; it loses nothing`);
  }

  /** A session of this very process, which Postgres has not seen end. */
  get isOwn(): boolean {
    return this.holder?.pid === String(process.pid) && this.holder.host === host;
  }
}

/**
 * Takes the lock of rebuilds, which ends with the session, and leaves word of who has it.
 *
 * @throws RebuildHeld when another process has it
 */
export async function holdRebuilds(databaseUrl: string): Promise<Hold> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: `rebuild ${new Date().toISOString().slice(0, 19)}Z ${process.pid} ${host}`,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  });
  const lost = new AbortController();
  const lose = (): void => lost.abort(new Error('Connection terminated: the lock of rebuilds is lost'));
  client.on('error', lose);
  client.on('end', lose);
  await client.connect();
  try {
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [
      LOCK,
    ]);
    if (rows[0]?.taken !== true) throw new RebuildHeld(await holderOf(client));
  } catch (error) {
    await client.end();
    throw error;
  }
  return { lost: lost.signal, end: () => client.end().catch(() => undefined) };
}

/** Any number that only rebuilds use. */
const LOCK = 7_041_777;

type Holder = { readonly since: string; readonly pid: string; readonly host: string };

/** Postgres keeps 63 ASCII characters of a session's name. */
const host = hostname()
  .replaceAll(/[^!-~]/g, '?')
  .slice(0, 24);

async function holderOf(client: pg.Client): Promise<Holder | undefined> {
  const { rows } = await client.query<{ name: string }>(
    `select a.application_name as name from pg_locks l join pg_stat_activity a using (pid)
     where l.locktype = 'advisory' and l.granted and l.objsubid = 1 and l.classid = 0 and l.objid = $1
       and l.database = (select oid from pg_database where datname = current_database())`,
    [LOCK],
  );
  const [, since, pid, host] = (rows[0]?.name ?? '').split(' ');
  return since === undefined || pid === undefined || host === undefined ? undefined : { since, pid, host };
}
