/** How long ago something was, in the unit that gives it at most two digits. */
export function ageOf(since: Date, now: number = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - since.getTime()) / 1_000));
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 100 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 100 * 3_600) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
