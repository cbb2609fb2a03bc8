/**
 * A stretch of time in which bodies expire together, because one secret is part of the keys of them all: `t<width>-<end>`, both in
 * seconds, for bodies that expire in the `width` seconds up to and including `end`; `m<year>-<month>` for bodies without an end,
 * by the month in which they were sealed.
 */
export type BucketId = string;

/** Widths in seconds, widest first; each divides a day, so buckets of one width do not overlap. */
const WIDTHS = [
  86_400, 43_200, 21_600, 10_800, 7_200, 3_600, 1_800, 900, 600, 300, 120, 60, 30, 15, 10, 5, 2, 1,
] as const;

/** Of a body's remaining life, a bucket is this part at most. */
const SHARE = 60;

/**
 * The bucket of a body sealed at `at` that expires at `expiresAt`, both in ms. It ends no earlier than the body expires, and later
 * by less than its width: at most 1/60 of the remaining life, at least 1 s, at most a day.
 */
export function bucketOf(at: number, expiresAt: number | undefined): BucketId {
  if (expiresAt === undefined) return monthOf(at);
  const most = (expiresAt - at) / 1_000 / SHARE;
  const width = WIDTHS.find((each) => each <= most) ?? 1;
  return `t${width}-${Math.ceil(expiresAt / 1_000 / width) * width}`;
}

/** The bucket of the day asked for last: dates are slow to write, and a message is sent some thousand times a second. */
let known = { day: Number.NaN, month: '' };

function monthOf(at: number): BucketId {
  const day = Math.floor(at / 86_400_000);
  if (day !== known.day) known = { day, month: `m${new Date(at).toISOString().slice(0, 7)}` };
  return known.month;
}

/** When, in ms, everything in a bucket has expired; undefined for a bucket without an end, and for what is none. */
export const bucketEnd = (bucket: BucketId): number | undefined => bucketWindow(bucket)?.until;

/** Between when and when, in ms, the bodies of a bucket expire: later than `after`, by `until`. */
export type BucketWindow = { readonly after: number; readonly until: number };

/** Undefined for a bucket without an end, and for what is none. */
export function bucketWindow(bucket: BucketId): BucketWindow | undefined {
  const [, width, end] = /^t(\d+)-(\d+)$/.exec(bucket) ?? [];
  if (width === undefined || end === undefined) return undefined;
  return { after: (Number(end) - Number(width)) * 1_000, until: Number(end) * 1_000 };
}
