import type { VerifyingSession } from './session.js';
import type { Table } from './tables.js';
import type { Verification } from './verification.js';
import type { VerifyOptions, VerifyResources } from './verify-version.js';

/** What the parts of a verification share. */
export type VerifyWork = VerifyResources &
  VerifyOptions & {
    readonly tables: readonly Table[];
    readonly sessions: readonly [VerifyingSession, VerifyingSession];
  };

export type Seen = Omit<Verification, 'version' | 'against' | 'seconds'>;

/** Differences that are told. */
export const MOST_TOLD = 100;

/** How long, in ms, is waited for the rows before what differs is looked at once more. */
export const SECOND_PATIENCE = 5_000;

export function partitionsOf({ partition, partitions }: VerifyWork): readonly number[] {
  return partition === undefined ? Array.from({ length: partitions }, (_, n) => n) : [partition];
}

/** Says how much there is to be done. */
export async function beginProgress(
  { onProgress, sessions, partition }: VerifyWork,
  schema: string,
): Promise<void> {
  if (onProgress === undefined) return;
  const { rows } = await sessions[0].client.query<{ count: string }>(
    `select count(*) from ${schema}.conversation where $1::int is null or partition = $1`,
    [partition ?? null],
  );
  onProgress.begin(Number(rows[0]?.count));
}

/** Of a number of things, in words. */
export const several = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
