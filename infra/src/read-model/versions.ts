import type { ClientBase } from 'pg';
import { migrateVersion } from './migrate.js';
import type { Model } from './models.js';
import { schemaOf } from './schema-name.js';
import { VersionNotFound, VersionRefused } from './version-refused.js';

/** See `parley.version` in the migrations. */
export type VersionState = 'building' | 'following' | 'dropping';

/** A build of the read model. */
export type Version = {
  readonly version: number;
  /** May be one that this code does not know, of a newer release. */
  readonly model: number;
  readonly state: VersionState;
  /** `served` to those who ask; `previous` is what a rollback goes back to. */
  readonly role: 'served' | 'previous' | 'beside';
  readonly madeAt: Date;
  readonly verified: { readonly at: Date; readonly against: string } | undefined;
  readonly promotedAt: Date | undefined;
};

export type VersionsDatabase = Pick<ClientBase, 'query'>;

/** All builds, by their number. */
export async function listVersions(database: VersionsDatabase): Promise<readonly Version[]> {
  const { rows } = await database.query<Row>(
    `select v.version, v.model, v.state, v.made_at, v.verified_at, v.verified_against, v.promoted_at,
       case 'rm_' || v.version when r.active then 'served' when r.previous then 'previous' else 'beside' end as role
     from parley.version v left join parley.read_model r on true
     order by v.version`,
  );
  return rows.map((row) => ({
    version: row.version,
    model: row.model,
    state: row.state,
    role: row.role,
    madeAt: row.made_at,
    verified:
      row.verified_at === null ? undefined : { at: row.verified_at, against: row.verified_against ?? 'log' },
    promotedAt: row.promoted_at ?? undefined,
  }));
}

type Row = {
  readonly version: number;
  readonly model: number;
  readonly state: VersionState;
  readonly role: Version['role'];
  readonly made_at: Date;
  readonly verified_at: Date | null;
  readonly verified_against: string | null;
  readonly promoted_at: Date | null;
};

/**
 * One build by its number.
 *
 * @throws VersionNotFound where there is none
 */
export async function requireVersion(database: VersionsDatabase, version: number): Promise<Version> {
  const all = await listVersions(database);
  const found = all.find((each) => each.version === version);
  if (found !== undefined) return found;
  const there = all.map(({ version: number }) => number).join(', ');
  throw new VersionNotFound(`there is no version ${version} of the read model; there is ${there || 'none'}`);
}

/** The next build, `building`, with its tables and a number that none had before. The caller holds the lock of rebuilds. */
export async function beginVersion(
  database: VersionsDatabase,
  databaseUrl: string,
  model: Model,
): Promise<number> {
  const { rows } = await database.query<{ version: number }>(
    `insert into parley.version (version, model, state)
     select greatest(max(version), (select dropped from parley.read_model), 0) + 1, $1, 'building' from parley.version
     returning version`,
    [model],
  );
  const version = (rows[0] as { version: number }).version;
  await migrateVersion(databaseUrl, version, model);
  return version;
}

/** Gives a loaded build to the projectors. */
export async function followVersion(database: VersionsDatabase, version: number): Promise<void> {
  await database.query(
    `update parley.version set state = 'following' where version = $1 and state = 'building'`,
    [version],
  );
}

/** Remembers that a build was shown to be what `against` says: `log`, or `rm_<version>`. */
export async function markVerified(
  database: VersionsDatabase,
  version: number,
  against: string,
): Promise<void> {
  await database.query(
    'update parley.version set verified_at = now(), verified_against = $2 where version = $1',
    [version, against],
  );
}

/**
 * Serves another build, by one statement. What was served stays, is followed on, and is what a rollback goes back to.
 *
 * @throws VersionRefused where it is not followed, or not verified and `unverified` is not said
 */
export async function promoteVersion(
  database: VersionsDatabase,
  version: number,
  { unverified = false }: { readonly unverified?: boolean } = {},
): Promise<void> {
  const { role, state, verified } = await requireVersion(database, version);
  if (role === 'served') throw new VersionRefused(`version ${version} is served already`);
  if (state === 'building')
    throw new VersionRefused(
      `version ${version} is not loaded yet: \`parley projections rebuild\` goes on with it`,
    );
  if (state === 'dropping') throw new VersionRefused(`version ${version} is being dropped`);
  if (verified === undefined && !unverified)
    throw new VersionRefused(
      `version ${version} was not verified: \`parley projections verify ${version}\` first, or say --unverified`,
    );
  await switchTo(database, version);
}

/**
 * Serves again what was served before the last switch; a second rollback takes the first back.
 *
 * @returns the version that is served now
 * @throws VersionRefused where nothing was served before, or it is not there any more
 */
export async function rollbackVersion(database: VersionsDatabase): Promise<number> {
  const before = (await listVersions(database)).find(({ role }) => role === 'previous');
  if (before === undefined || before.state !== 'following')
    throw new VersionRefused('nothing was served before that is still there: rebuild, and promote that');
  await switchTo(database, before.version);
  return before.version;
}

async function switchTo(database: VersionsDatabase, version: number): Promise<void> {
  const { rowCount } = await database.query(
    `with pointer as (
      select active from parley.read_model where active <> $2 for update
    ), promoted as (
      update parley.version set promoted_at = now() from pointer where version = $1 and state = 'following' returning version
    )
    update parley.read_model set previous = active, active = $2, switched_at = now()
    where exists (select from promoted)`,
    [version, schemaOf(version)],
  );
  if (rowCount !== 1)
    throw new VersionRefused(`version ${version} was changed by somebody else meanwhile: look again`);
}

/**
 * Has projectors let go of a build, and nobody read it any more. What was being dropped already may be said again.
 *
 * @throws VersionNotFound, VersionRefused where it is served
 */
export async function beginDropping(database: VersionsDatabase, version: number): Promise<void> {
  await requireVersion(database, version);
  // The pointer is held, so that nobody promotes it at this moment.
  const { rowCount } = await database.query(
    `with pointer as (select active from parley.read_model for update)
     update parley.version set state = 'dropping' from pointer where version = $1 and active <> $2`,
    [version, schemaOf(version)],
  );
  if (rowCount !== 1)
    throw new VersionRefused(
      `version ${version} is served: promote another first, or roll back to what was before`,
    );
}

/** Forgets a build whose schema is dropped. */
export async function endDropping(database: VersionsDatabase, version: number): Promise<void> {
  await database.query(
    `with gone as (delete from parley.version where version = $1 and state = 'dropping' returning version)
     update parley.read_model set previous = nullif(previous, $2), dropped = greatest(dropped, version) from gone`,
    [version, schemaOf(version)],
  );
}
