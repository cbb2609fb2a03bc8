import { listVersions, promoteVersion, requireVersion } from '@parley/infra/read-model/versions';
import type { Verification } from '@parley/projector/verify/verification';
import { verifyVersion } from '@parley/projector/verify/verify-version';
import { requireFollowed } from '@parley/projector/versions/require-followed';
import type { OpenDatabase } from '../terminal/database.js';
import type { LogAccess } from '../terminal/log-access.js';
import { createProgress, type Progress } from '../terminal/progress.js';
import { printSwitch } from './print-switch.js';
import { printVerification } from './print-verification.js';
import { throwAsCliError } from './verify.js';

/**
 * Compares a version with the one that is served, or with the log where none is, and serves it where its rows are what the log says.
 * Prints what it finds, unless it is to be JSON.
 */
export async function verifyAndPromote(
  log: LogAccess,
  { pool, url }: OpenDatabase,
  version: number,
  { json, signal }: { readonly json: true | undefined; readonly signal: AbortSignal },
): Promise<{ readonly verification: Verification; readonly isPromoted: boolean }> {
  const served = (await listVersions(pool)).find(({ role }) => role === 'served');
  let shown: Progress | undefined;
  const onProgress = {
    begin: (conversations: number) => {
      shown?.stop();
      shown = createProgress(conversations, 'conversations');
    },
    step: () => shown?.step(),
  };
  const options = {
    against: served?.version ?? ('log' as const),
    signal,
    ...(json === undefined && { onProgress }),
  };
  const verification = await verifyVersion({ ...log, databaseUrl: url }, version, options)
    .catch(throwAsCliError)
    .finally(() => shown?.stop());
  if (!json) printVerification(verification);
  const isPromoted = verification.isVerified;
  if (isPromoted) {
    await requireFollowed(pool, version);
    await promoteVersion(pool, version);
  }
  if (!json && isPromoted) await printSwitch(pool, await requireVersion(pool, version));
  else if (!json)
    process.stdout.write(`version ${version} is not promoted: the one that is served is as it was\n`);
  return { verification, isPromoted };
}
