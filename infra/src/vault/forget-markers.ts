import { bucketEnd } from '@parley/domain/sealing/bucket';
import { readStoredValue } from './stored-value.js';
import type { VaultStream } from './vault-stream.js';

/** How long after its end, in ms, a bucket still has a marker. */
const REMEMBERED_MS = 7 * 86_400_000;

/** How much longer a marker is kept than it is needed, in ms: the clocks of processes may differ by as much. */
const MARGIN_MS = 86_400_000;

/**
 * Whether a bucket ended so long ago that it needs no marker: where the vault has nothing of it, its secret was destroyed. At lives of
 * seconds there is a bucket a second, and their markers would be more than all the rest of the vault. Were a secret made for one after
 * all, it would be due at once.
 */
export function isLongPast(bucket: string, now: number): boolean {
  const end = bucketEnd(bucket);
  return end !== undefined && end + REMEMBERED_MS < now;
}

/**
 * Removes the markers of buckets that are long past; how many. A value that is still under one is overwritten first.
 *
 * @throws as the client does when the broker does not answer: the next call goes on.
 */
export async function forgetMarkers(vault: VaultStream, now: number): Promise<number> {
  let forgotten = 0;
  for await (const batch of vault.values('bucket.*')) {
    for (const { name, revision, data } of batch) {
      if (!isLongPast(name.slice('bucket.'.length), now - MARGIN_MS)) continue;
      if (readStoredValue(data)?.tag !== 'marker') continue;
      await vault.overwriteBefore(name, revision);
      await vault.drop(revision);
      forgotten++;
    }
  }
  return forgotten;
}
