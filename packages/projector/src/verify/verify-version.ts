import { schemaOf } from '@parley/infra/read-model/schema-name';
import { VersionRefused } from '@parley/infra/read-model/version-refused';
import { listVersions, markVerified, requireVersion, type Version } from '@parley/infra/read-model/versions';
import pg from 'pg';
import { CannotVerify } from './at-one-place.js';
import { connectionLost } from './connection-lost.js';
import type { LogReader } from './read-told.js';
import { openVerifyingSession, type VerifyingSession } from './session.js';
import { commonTables } from './tables.js';
import type { Verification } from './verification.js';
import { verifyAgainstLog } from './verify-against-log.js';
import { verifyAgainstVersion } from './verify-against-version.js';
import type { Seen, VerifyWork } from './verify-work.js';

export type VerifyResources = LogReader & { readonly databaseUrl: string };

export type VerifyOptions = {
  /** Another version, or the log; unless said the version that is served, and for that one the log. */
  readonly against?: number | 'log';
  /** Of the log: all conversations, or so many of them; all unless said. */
  readonly conversations?: 'all' | number;
  /** This partition alone: then nothing is remembered as verified. */
  readonly partition?: number;
  /** Told how many conversations there are, and of each that was compared. */
  readonly onProgress?: VerifyProgress;
  /** Ends it at once, with the signal's reason. Nothing stays locked. */
  readonly signal?: AbortSignal;
};

export type VerifyProgress = { readonly begin: (conversations: number) => void; readonly step: () => void };

/**
 * Finds out whether the rows of a version are what the log says they are: by comparison with another version at the same place of the log, in
 * which the log decides what differs, and of another model by the log too; or by the log alone. Where that is so, the version is remembered as verified. Nobody who reads or
 * projects the version that is served notices.
 *
 * @throws VersionRefused where there is no such version; CannotVerify where it cannot be looked at now; what the log's client says
 */
export async function verifyVersion(
  resources: VerifyResources,
  version: number,
  options: VerifyOptions = {},
): Promise<Verification> {
  const startedAt = performance.now();
  const { databaseUrl } = resources;
  const sessions = await openTwo(databaseUrl);
  const [one] = sessions;
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1, application_name: 'verify' });
  pool.on('error', () => undefined);
  const stop = () => void Promise.all(sessions.map((session) => session.end()));
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    const wanted = await requireVersion(pool, version);
    const against = await opponentOf(pool, wanted, options.against);
    const versions = against === 'log' ? [wanted] : [wanted, against];
    const tables = await commonTables(
      one.client,
      versions.map((each) => schemaOf(each.version)),
    );
    if (tables.length === 0) throw new CannotVerify(`${schemaOf(version)} has no tables`, 'away');
    const work = { ...resources, tables, sessions, ...options };
    const seen =
      against === 'log'
        ? await verifyAgainstLog(work, wanted)
        : await verifyAgainstVersion(work, wanted, against);
    const own =
      against !== 'log' && against.model !== wanted.model && seen.isVerified
        ? await byItself(work, wanted)
        : undefined;
    const verification: Verification = {
      ...(own ?? seen),
      version,
      against: against === 'log' || own !== undefined ? 'log' : against.version,
      seconds: (performance.now() - startedAt) / 1_000,
    };
    if (verification.isVerified)
      await markVerified(pool, version, against === 'log' ? 'log' : schemaOf(against.version));
    return verification;
  } catch (error) {
    throw options.signal?.aborted ? options.signal.reason : connectionLost(error);
  } finally {
    options.signal?.removeEventListener('abort', stop);
    await Promise.all([...sessions.map((session) => session.end()), pool.end().catch(() => undefined)]);
  }
}

/** What the other build has no columns for, the log judges: how the rows differ from it, undefined where they do not. */
async function byItself(work: VerifyWork, wanted: Version): Promise<Seen | undefined> {
  const tables = await commonTables(work.sessions[0].client, [schemaOf(wanted.version)]);
  const seen = await verifyAgainstLog({ ...work, tables, conversations: 'all' }, wanted);
  return seen.differing === 0 ? undefined : seen;
}

async function openTwo(databaseUrl: string): Promise<readonly [VerifyingSession, VerifyingSession]> {
  try {
    const one = await openVerifyingSession(databaseUrl);
    const other = await openVerifyingSession(databaseUrl).catch(async (error: unknown) => {
      await one.end();
      throw error;
    });
    return [one, other];
  } catch (error) {
    throw connectionLost(error);
  }
}

async function opponentOf(
  pool: pg.Pool,
  wanted: Version,
  against: VerifyOptions['against'],
): Promise<Version | 'log'> {
  if (wanted.state === 'dropping') throw new VersionRefused(`version ${wanted.version} is being dropped`);
  if (against === 'log') return 'log';
  if (against === undefined) {
    const served = (await listVersions(pool)).find(({ role }) => role === 'served');
    return served === undefined || served.version === wanted.version ? 'log' : served;
  }
  if (against === wanted.version)
    throw new VersionRefused(`version ${against} is equal to itself: say another, or \`--against log\``);
  const other = await requireVersion(pool, against);
  if (other.state === 'dropping') throw new VersionRefused(`version ${against} is being dropped`);
  return other;
}
