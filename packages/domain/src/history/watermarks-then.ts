/** A move of somebody's watermarks, in ms; its time is 0 where it was taken away, because all it told of is long gone. */
export type KeptMove = { readonly delivered: number; readonly read: number; readonly at: number };

/**
 * Where somebody's watermarks were at a time. `exact` is false where a move of that time may have been forgotten: then they were at least
 * here, and `readAtMost` says how far they can have been.
 */
export type WatermarksThen = {
  readonly delivered: number;
  readonly read: number;
  readonly exact: boolean;
  readonly readAtMost: number;
};

const NOWHERE = { delivered: 0, read: 0 };

/**
 * @param moves those that are kept, the oldest first
 * @param forgotten whether moves may be missing: `oldest`, because only so many are kept, and there are as many; `any`, because
 *   messages of that time are gone for so long that nobody is told any more who read them; `all`, because they may have been erased
 */
export function watermarksThen(
  moves: readonly KeptMove[],
  time: number,
  forgotten: { readonly oldest: boolean; readonly any: boolean; readonly all: boolean },
): WatermarksThen {
  if (forgotten.all && moves.length === 0)
    return { ...NOWHERE, exact: false, readAtMost: Number.MAX_SAFE_INTEGER };
  // One without its time happened before anything that is told: it is only in doubt where the moment is as old.
  const isAfter = ({ at }: KeptMove): boolean => at > time || (at === 0 && forgotten.any);
  const first = moves.findIndex(isAfter);
  const { delivered, read } = (first < 0 ? moves.at(-1) : moves[first - 1]) ?? NOWHERE;
  const exact = first < 0 || !(forgotten.any || (forgotten.oldest && first === 0));
  const next = moves.find(({ at }) => at > time) ?? moves.at(-1);
  return { delivered, read, exact, readAtMost: exact ? read : (next?.read ?? read) };
}
