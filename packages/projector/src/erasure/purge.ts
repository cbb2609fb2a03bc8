import { JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream';

/** Overwrites a message of a stream on disk. One that is not there any more was destroyed by another. */
export async function destroyMessage(
  jsm: JetStreamManager,
  stream: string,
  streamSeq: number,
): Promise<void> {
  try {
    await jsm.streams.deleteMessage(stream, streamSeq, true);
  } catch (error) {
    if (!(error instanceof JetStreamApiError && NOT_THERE.has(error.code))) throw error;
  }
}

/** No such message; or the store says that it could not delete what it has not. */
const NOT_THERE = new Set([10037, 10043, 10057]);

/** Overwrites what a key of the snapshots holds. One that is written again later holds no more than what is left by then. */
export async function destroySnapshot(jsm: JetStreamManager, key: string): Promise<void> {
  const stored = await jsm.direct.getMessage('KV_SNAPSHOTS', { last_by_subj: `$KV.SNAPSHOTS.${key}` });
  if (stored !== null) await destroyMessage(jsm, 'KV_SNAPSHOTS', stored.seq);
}
