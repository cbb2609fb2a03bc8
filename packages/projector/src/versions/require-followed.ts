import { schemaOf } from '@parley/infra/read-model/schema-name';
import { VersionRefused } from '@parley/infra/read-model/version-refused';
import { listVersions } from '@parley/infra/read-model/versions';
import type { Pool } from 'pg';
import { listPeers } from '../ownership/session.js';

/** Messages of a stream that a build may lack of what the served one has: some tenths of a second of a projector's work. */
const CLOSE = 10_000;

/**
 * That a build is kept at the end of the log as well as the one that is served: who was removed from a conversation reads on in rows that
 * do not say so. That its rows were compared says nothing of it, because they are brought to one place for that.
 *
 * @throws VersionRefused where projectors follow what is served and none this one, or it stands far behind
 */
export async function requireFollowed(database: Pick<Pool, 'query'>, version: number): Promise<void> {
  const versions = await listVersions(database);
  const wanted = versions.find((each) => each.version === version);
  const served = versions.find(({ role }) => role === 'served');
  // Of others it is said elsewhere why they are not served.
  if (served === undefined || wanted?.state !== 'following' || wanted.role === 'served') return;
  const followers = async (of: number) => (await listPeers({ client: database }, of)).length;
  if ((await followers(version)) === 0 && (await followers(served.version)) > 0)
    throw new VersionRefused(
      `projectors follow version ${served.version}, and none follows version ${version}, so it would stand still: run projectors that know ` +
        `its model (${wanted.model}), or say --behind`,
    );
  const { rows } = await database.query<{ share: string; lacks: string }>(
    `select s.projection || ' ' || s.partition as share, s.stream_seq - coalesce(w.stream_seq, 0) as lacks
     from ${schemaOf(served.version)}.checkpoint s
     left join ${schemaOf(version)}.checkpoint w on w.projection = s.projection and w.partition = s.partition
     where s.stream_seq - coalesce(w.stream_seq, 0) > ${CLOSE} order by 2 desc limit 1`,
  );
  if (rows[0] !== undefined)
    throw new VersionRefused(
      `version ${version} is ${rows[0].lacks} messages behind version ${served.version} (${rows[0].share}): wait until \`parley projections ` +
        'status` says that it is not, or say --behind',
    );
}
