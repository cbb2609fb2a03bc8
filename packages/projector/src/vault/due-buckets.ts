import { type BucketId, bucketEnd } from '@parley/domain/sealing/bucket';

/**
 * How long after its end, in ms, a bucket is destroyed: what was sealed in its last moment is appended by then, and a clock that
 * is a little ahead takes nothing that is still shown.
 */
export const GRACE = 2_000;

/**
 * Which of these buckets are to be destroyed at the time `now`, in ms, the one that ended first before the others. Buckets without an end
 * never are.
 */
export function dueBuckets(buckets: Iterable<BucketId>, now: number): readonly BucketId[] {
  return [...buckets]
    .map((bucket) => ({ bucket, end: bucketEnd(bucket) ?? Number.POSITIVE_INFINITY }))
    .filter(({ end }) => end + GRACE <= now)
    .sort((a, b) => a.end - b.end)
    .map(({ bucket }) => bucket);
}
