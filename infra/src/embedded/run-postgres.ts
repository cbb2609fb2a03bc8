import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { clusterMajor } from './cluster-major.js';
import type { ContainerPlan } from './container.js';
import type { LeashedProgram } from './leash.js';
import type { PostgresPlace } from './postgres-place.js';
import { runCommand } from './run-command.js';
import type { Address } from './server-plan.js';
import type { Report } from './server-source.js';
import { Hopeless } from './wait-until.js';

export type PostgresPlan = {
  readonly home: string;
  readonly port: number;
  readonly password: string;
  readonly place: PostgresPlace;
  /** False trades durability for speed, for tests. */
  readonly durable: boolean;
};

export const postgresProgram = async (plan: PostgresPlan, report: Report): Promise<LeashedProgram> => {
  const { place } = plan;
  if (!(await hasCluster(place.data))) await createCluster(plan, report);
  await clearAfterCrash(place);
  return {
    id: 'postgres',
    command: place.command,
    args: ['-D', place.data, ...settings(plan)],
    env: { ...postgresEnvironment, ...place.env },
    cwd: place.data,
    log: join(plan.home, 'logs/postgres.log'),
    // SIGINT is Postgres' fast shutdown: it rolls back and disconnects clients; SIGTERM would wait for them.
    stopSignal: 'SIGINT',
    ...(place.user ? { uid: place.user.uid, gid: place.user.gid } : {}),
  };
};

export const postgresUrl = ({ password }: Pick<PostgresPlan, 'password'>, at: Address): string =>
  `postgres://parley:${password}@${at.host}:${at.port}/parley`;

/** The image's own user writes the data, so it lies beside the place where a program would write it. */
export const postgresContainer = ({
  home,
  password,
}: Pick<PostgresPlan, 'home' | 'password'>): ContainerPlan => ({
  port: 5432,
  env: {
    POSTGRES_USER: 'parley',
    POSTGRES_PASSWORD: password,
    POSTGRES_DB: 'parley',
    PGDATA: '/data/cluster',
  },
  data: { source: join(home, 'postgres-container'), target: '/data' },
});

/** Resolves when Postgres answers, having made the database if it is not there. */
export const greetPostgres = async (
  { password }: Pick<PostgresPlan, 'password'>,
  at: Address,
): Promise<void> => {
  const url = new URL(postgresUrl({ password }, at));
  url.pathname = '/postgres';
  const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  await client.connect().catch(explain);
  try {
    const found = await client.query(`select 1 from pg_database where datname = 'parley'`);
    if (found.rowCount === 0) await client.query('create database parley');
  } finally {
    await client.end();
  }
};

const explain = (error: unknown): never => {
  if ((error as { readonly code?: string }).code !== '28P01') throw error;
  throw new Hopeless(
    'Postgres refuses the password of this home: stack.json, which holds it, was deleted or replaced while the data ' +
      'stayed. Restore it, or delete the directory postgres beside it to begin anew',
    { cause: error },
  );
};

const hasCluster = async (data: string): Promise<boolean> => (await clusterMajor(data)) !== undefined;

const postgresEnvironment = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

const settings = (plan: PostgresPlan): readonly string[] => {
  const values: Readonly<Record<string, string | number>> = {
    port: plan.port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 300,
    shared_buffers: '256MB',
    max_wal_size: '2GB',
    log_min_messages: 'warning',
    ...(plan.durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
};

/** Made beside its place and then renamed, so that a start which is killed here leaves no half cluster. */
const createCluster = async ({ place, password }: PostgresPlan, report: Report): Promise<void> => {
  report('Postgres: making the database cluster');
  const draft = `${place.data}.new`;
  // Beside the data, where the user that runs initdb can read it.
  const secret = `${place.data}.password`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true, mode: 0o700 });
  await rm(secret, { force: true });
  await writeFile(secret, `${password}\n`, { mode: 0o600, flag: 'wx' });
  try {
    if (place.user) for (const path of [draft, secret]) await chown(path, place.user.uid, place.user.gid);
    await runCommand(
      join(dirname(place.command), 'initdb'),
      [
        '-D',
        draft,
        '-U',
        'parley',
        '-E',
        'UTF8',
        '--locale=C',
        '-A',
        'scram-sha-256',
        `--pwfile=${secret}`,
        '--no-sync',
      ],
      { env: { ...postgresEnvironment, ...place.env }, cwd: '/', uid: place.user?.uid, gid: place.user?.gid },
    );
    await rename(draft, place.data);
    await chmod(place.data, 0o700);
  } finally {
    await rm(secret, { force: true });
  }
};

/**
 * A postmaster.pid that a crash left behind stops the next start when its pid belongs to another process by now. Called
 * with the home locked: a process that still runs on this data is an orphan and is told to stop.
 */
const clearAfterCrash = async (place: PostgresPlace): Promise<void> => {
  const path = join(place.data, 'postmaster.pid');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const pid = Number.parseInt(text, 10);
  if (await isPostgresOf(pid, place.data)) {
    process.kill(pid, 'SIGINT');
    for (let waited = 0; waited < 100 && (await isPostgresOf(pid, place.data)); waited++) await sleep(100);
  }
  await rm(path, { force: true });
};

const isPostgresOf = async (pid: number, data: string): Promise<boolean> => {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return command.split('\0').includes(data);
};
