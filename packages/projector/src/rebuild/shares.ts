import type { JetStreamManager } from '@nats-io/jetstream';
import type { ClientBase } from 'pg';
import { type ProjectionName, readCheckpoint, type Share } from '../checkpoint.js';
import type { Projection } from '../projection.js';
import { receipts } from '../receipts/projection.js';
import { LogTooShort } from '../run-share.js';
import { timeline } from '../timeline/projection.js';
import type { Stretch } from './report.js';

export const projections: Readonly<Record<ProjectionName, Projection>> = { timeline, receipts };

export const projectionNames = Object.keys(projections) as readonly ProjectionName[];

/** All shares of a build: what is most comes first. */
export const sharesOf = (partitions: number): readonly Share[] =>
  projectionNames.flatMap((projection) =>
    Array.from({ length: partitions }, (_, partition) => ({ projection, partition })),
  );

/**
 * What each share of a build has before it.
 *
 * @throws LogTooShort where the log ends before a checkpoint: it is another log
 */
export async function stretchesOf(
  jsm: JetStreamManager,
  client: ClientBase,
  schema: string,
  partitions: number,
): Promise<readonly Stretch[]> {
  const stretches: Stretch[] = [];
  for (const share of sharesOf(partitions)) {
    const stream = projections[share.projection].streamOf(share.partition);
    const { streamSeq } = await readCheckpoint(client, schema, share);
    const { state } = await jsm.streams.info(stream);
    if (state.last_seq < streamSeq) throw new LogTooShort(stream, state.last_seq, streamSeq);
    stretches.push({ share, after: streamSeq, upTo: state.last_seq });
  }
  return stretches;
}

/** Messages in stretches, at most: some may have been taken out of the log. */
export const lengthOf = (stretches: readonly Stretch[]): number =>
  stretches.reduce((sum, { after, upTo }) => sum + upTo - after, 0);
