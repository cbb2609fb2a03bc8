const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long' });
const dayAndMonth = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long' });
const date = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });
const shortDate = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: '2-digit' });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

export const clockOf = (at: number): string => clock.format(at);

/** Day and time, for where there is room. */
export const momentOf = (at: number): string => whole.format(at);

/** The same number for all moments of a day, here. */
export const dayNumber = (at: number): number => new Date(at).setHours(0, 0, 0, 0);

/** A day as one speaks of it. */
export function dayOf(at: number, now: number): string {
  const days = Math.round((dayNumber(now) - dayNumber(at)) / DAY);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  if (days > 1 && days < 7) return weekday.format(at);
  return new Date(at).getFullYear() === new Date(now).getFullYear()
    ? dayAndMonth.format(at)
    : date.format(at);
}

/** As short as a list needs it. */
export function briefOf(at: number, now: number): string {
  const days = Math.round((dayNumber(now) - dayNumber(at)) / DAY);
  if (days <= 0) return clock.format(at);
  return days < 7 ? dayOf(at, now) : shortDate.format(at);
}

export function agoOf(at: number, now: number): string {
  const past = now - at;
  if (past < MINUTE) return 'just now';
  if (past < HOUR) return `${Math.floor(past / MINUTE)} min ago`;
  if (past < DAY) return `at ${clock.format(at)}`;
  return dayOf(at, now).toLowerCase() === 'yesterday' ? 'yesterday' : dayOf(at, now);
}

/** Lives of messages that are offered, in seconds. */
export const LIVES: readonly (readonly [ttl: number | null, label: string, brief: string])[] = [
  [null, 'Off', 'Off'],
  [3_600, '1 hour', '1 h'],
  [21_600, '6 hours', '6 h'],
  [86_400, '24 hours', '24 h'],
  [604_800, '7 days', '7 d'],
];

/** Lives that are offered for one message, in seconds. */
const SHORT_LIVES = [10, 60, 600, 3_600, 21_600, 86_400, 604_800];

/** Those that are shorter than the others'. */
export const livesWithin = (ttl: number | null): readonly number[] =>
  SHORT_LIVES.filter((seconds) => ttl === null || seconds < ttl);

/** A life in words, also one that is not offered. */
export function lifeOf(ttl: number): string {
  const offered = LIVES.find(([seconds]) => seconds === ttl)?.[1];
  if (offered !== undefined) return offered;
  if (ttl === 60) return '1 minute';
  if (ttl < 120) return `${ttl} seconds`;
  if (ttl < 7_200) return `${Math.round(ttl / 60)} minutes`;
  return ttl < 172_800 ? `${Math.round(ttl / 3_600)} hours` : `${Math.round(ttl / 86_400)} days`;
}

/** A life in its largest whole unit, as short as it can be said. */
export function briefLifeOf(ttl: number): string {
  const offered = LIVES.find(([seconds]) => seconds === ttl)?.[2];
  if (offered !== undefined) return offered;
  if (ttl % 86_400 === 0) return `${ttl / 86_400} d`;
  if (ttl % 3_600 === 0) return `${ttl / 3_600} h`;
  return ttl % 60 === 0 ? `${ttl / 60} min` : `${ttl} s`;
}

/** How long it is until then, in its largest unit; never less than it is. */
export function untilOf(at: number, now: number): string {
  const seconds = Math.max(0, Math.ceil((at - now) / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.ceil(seconds / 60)} min`;
  const [count, unit] =
    seconds < 172_800 ? [Math.ceil(seconds / 3_600), 'hour'] : [Math.ceil(seconds / 86_400), 'day'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
