import { InvalidArgumentError } from 'commander';

/**
 * A time on the command line, in ms: ISO 8601, a date (its beginning), or how long ago, such as `90s`, `30m`, `2h`, `7d` or `1w`. One
 * without a zone is UTC, because times of the log are shown so.
 *
 * @throws InvalidArgumentError for what is none
 */
export function instant(text: string, now: number = Date.now()): number {
  const ago = /^(\d{1,9})([smhdw])$/.exec(text);
  if (ago !== null) return now - Number(ago[1]) * UNITS[ago[2] as keyof typeof UNITS];
  const at = ISO.test(text)
    ? Date.parse(/T.*(Z|[+-]\d\d:\d\d)$/.test(text) ? text : inUtc(text))
    : Number.NaN;
  if (Number.isFinite(at)) return at;
  throw new InvalidArgumentError(
    'A time such as 2026-11-21, 2026-11-21T12:00Z, or 2h and 7d for so long ago.',
  );
}

const ISO = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/;

/** Milliseconds. */
const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

const inUtc = (text: string): string => (text.includes('T') ? `${text}Z` : text);
