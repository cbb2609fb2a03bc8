import type { JetStreamManager } from '@nats-io/jetstream';
import type { Log } from '@parley/infra/runtime/log';
import type { Pool } from 'pg';
import { untilAborted, type Work } from '../beside.js';
import type { Share } from '../checkpoint.js';
import { openSession } from '../ownership/session.js';
import type { Projection } from '../projection.js';
import { retryShare } from './retry-share.js';

export type RetryAtClaim = {
  /** Asked whether there is anything to retry. */
  readonly database: Pick<Pool, 'query'>;
  readonly databaseUrl: string;
  readonly jsm: JetStreamManager;
  readonly log: Log;
};

/**
 * Retries once what a share could not take, beside the work on it: this release may know the type, or the database take it. On a session
 * of its own, which is opened only where there is something. Never rejects: what fails is left to the next claim, and to operators.
 */
export const retryAtClaim =
  (resources: RetryAtClaim, schema: string, share: Share, projection: Projection): Work =>
  async (signal) => {
    const { database, databaseUrl, jsm, log } = resources;
    try {
      if (await hasLetters(database, schema, share)) {
        const session = await openSession(databaseUrl, `retry-${schema}`);
        try {
          const mended = await retryShare({ client: session.client, schema, share, jsm, projection }, signal);
          if (mended > 0) log.info({ ...share, schema, mended }, 'what was parked goes on');
        } finally {
          await session.end();
        }
      }
    } catch (error) {
      if (!signal.aborted)
        log.warn(
          { ...share, schema, reason: (error as Error).message },
          'what is parked could not be retried',
        );
    }
    await untilAborted(signal);
  };

async function hasLetters(
  database: Pick<Pool, 'query'>,
  schema: string,
  { projection, partition }: Share,
): Promise<boolean> {
  const { rowCount } = await database.query(
    `select from ${schema}.dead_letter where projection = $1 and partition = $2
     union all
     select from ${schema}.parked_conversation where partition = $2 and $1 = 'timeline' limit 1`,
    [projection, partition],
  );
  return rowCount !== 0;
}
