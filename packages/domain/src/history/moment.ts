import * as E from '../either.js';
import { patternedText } from '../text.js';

/** A place in a conversation's history: after the event of this seq, or after all that had happened by a time, in ms since 1970 UTC. */
export type Moment =
  | { readonly tag: 'seq'; readonly seq: number }
  | { readonly tag: 'time'; readonly time: number };

const SEQ = /^[1-9]\d{0,15}$/;
const TIME =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3})\d*)?)?(Z|[+ -]\d{2}:?\d{2})?)?$/;

/** A moment as people write it. */
export const MomentText = patternedText(
  'at',
  new RegExp(`${SEQ.source}|${TIME.source}`),
  'a seq, or a time such as 2026-11-21, 2026-11-21T09:30 (UTC) or 2026-11-21T09:30:00+01:00',
);

/**
 * A number is a seq, anything else a time by ISO 8601; one without a zone is in UTC, a day is its beginning. A blank where the sign of a
 * zone belongs is a plus, which URLs turn into one.
 *
 * @returns a sentence where there is no such time.
 */
export function readMoment(text: string): E.Either<string, Moment> {
  if (SEQ.test(text)) return momentOfSeq(Number(text));
  const parts = TIME.exec(text);
  if (parts === null) return E.left(`at: ${text.slice(0, 40)} is neither a seq nor a time`);
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = parts;
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0')}`;
  const asUtc = new Date(`${local}Z`);
  // JavaScript takes the 30th of February for the 2nd of March.
  const isThere = !Number.isNaN(asUtc.getTime()) && asUtc.toISOString() === `${local}Z`;
  const offset = zone === 'Z' ? 0 : offsetOf(zone);
  if (!isThere || offset === undefined) return E.left(`at: there is no time ${text}`);
  return E.right({ tag: 'time', time: asUtc.getTime() - offset });
}

function momentOfSeq(seq: number): E.Either<string, Moment> {
  return Number.isSafeInteger(seq)
    ? E.right({ tag: 'seq', seq })
    : E.left(`at: a seq is at most ${Number.MAX_SAFE_INTEGER}`);
}

/** Milliseconds that a zone such as +01:00 is ahead of UTC. */
function offsetOf(zone: string): number | undefined {
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
