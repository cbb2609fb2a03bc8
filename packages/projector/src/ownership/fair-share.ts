/** What a projector does next about the partitions of one projection. */
export type Move = {
  /** Worth trying to get. */
  readonly wanted: readonly number[];
  /** How many of them to take at most. */
  readonly room: number;
  /** To be let go of, for others who have less. */
  readonly surplus: readonly number[];
};

/**
 * The fair part is the partitions over the projectors that are alive, rounded up: whoever has more lets go, whoever has
 * less takes. Counted per projection, because a timeline is more work than receipts. With nobody else alive the fair part
 * is everything.
 */
export function nextMove(partitions: number, held: readonly number[], alive: number): Move {
  const fair = Math.ceil(partitions / Math.max(1, alive));
  const room = Math.max(0, fair - held.length);
  const others = Array.from({ length: partitions }, (_, partition) => partition).filter(
    (p) => !held.includes(p),
  );
  return { wanted: room === 0 ? [] : others, room, surplus: held.slice(fair) };
}
