/** Whether a message is in one of these runs, each of its first and last seq. */
export const covers = (ranges: readonly (readonly [number, number])[], seq: number): boolean =>
  ranges.some(([from, to]) => from <= seq && seq <= to);
