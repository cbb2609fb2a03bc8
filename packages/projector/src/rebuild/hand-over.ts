import type { JetStreamManager } from '@nats-io/jetstream';
import type { ClientBase } from 'pg';
import { sessionName } from '../ownership/session.js';
import { pause } from '../pause.js';
import type { Stretch } from './report.js';
import { projections, stretchesOf } from './shares.js';

/** Ms in which a projector that lives has found a new version and taken shares of it. */
const NOTICED = 5_000;

/** Ms between two looks. */
const LOOK = 250;

export type HandedOver = {
  readonly version: number;
  readonly schema: string;
  readonly partitions: number;
  readonly noticed?: number;
};

/**
 * Waits until projectors have brought a build to where the log ended when it was given to them.
 *
 * @returns false where no projector has taken it up in time
 */
export async function awaitFollowers(
  jsm: JetStreamManager,
  client: ClientBase,
  { version, schema, partitions, noticed = NOTICED }: HandedOver,
  signal: AbortSignal,
): Promise<boolean> {
  const ends = await stretchesOf(jsm, client, schema, partitions);
  for (let waited = 0; ; waited += LOOK) {
    signal.throwIfAborted();
    const isFollowed = await hasFollowers(client, version);
    if (!isFollowed && waited >= noticed) return false;
    if (isFollowed && (await reached(jsm, client, schema, partitions, ends))) return true;
    await pause(LOOK, signal);
  }
}

async function hasFollowers(client: ClientBase, version: number): Promise<boolean> {
  const { rowCount } = await client.query(
    'select from pg_stat_activity where datname = current_database() and application_name like $1 limit 1',
    [sessionName(version, '%')],
  );
  return (rowCount ?? 0) > 0;
}

async function reached(
  jsm: JetStreamManager,
  client: ClientBase,
  schema: string,
  partitions: number,
  ends: readonly Stretch[],
): Promise<boolean> {
  for (const [index, { share, after }] of (await stretchesOf(jsm, client, schema, partitions)).entries()) {
    const { upTo } = ends[index] as Stretch;
    if (after >= upTo) continue;
    // What is not there any more is not waited for.
    const next = await jsm.direct.getMessage(projections[share.projection].streamOf(share.partition), {
      seq: after + 1,
      next_by_subj: '>',
    });
    if (next !== null && next.seq <= upTo) return false;
  }
  return true;
}
