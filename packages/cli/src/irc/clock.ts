/** Ms of a day, and of the step back that is a clock set right, not a new day. */
const DAY_MS = 86_400_000;
const JITTER_MINUTES = 60;

/**
 * Times of the lines of a file, in ms UTC. They come in order, so a time of day far before the last one is the next day's;
 * a line without a time has that of the line before it, or of the first one that has any.
 */
export function createClock(midnight: number, firstMinute: number): (minute: number | undefined) => number {
  let day = 0;
  let last = firstMinute;
  return (minute) => {
    if (minute !== undefined) {
      if (minute < last - JITTER_MINUTES) day++;
      last = minute;
    }
    return midnight + day * DAY_MS + last * 60_000;
  };
}
