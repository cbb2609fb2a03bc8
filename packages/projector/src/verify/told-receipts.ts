import { KEPT_MOVES } from '@parley/infra/log/topology';

/** A move of somebody's watermarks, as the log has it, at its place in the stream; `storedAt` in ms. */
export type ToldMove = {
  readonly streamSeq: number;
  readonly storedAt: number;
  readonly delivered: number;
  readonly read: number;
  readonly at: number;
};

/** What the log has of one person's moves in a conversation. */
export type ToldMoves = {
  /** Oldest first, up to the place that is looked at; the newest alone are kept. */
  readonly moves: ToldMove[];
  /** Whether there are later ones: of enough of those the log has lost what it had then. */
  isLater: boolean;
};

export const noMoves = (): ToldMoves => ({ moves: [], isLater: false });

export function tellMove(told: ToldMoves, move: ToldMove, upTo: number): void {
  if (move.streamSeq > upTo) told.isLater = true;
  else told.moves.push(move);
  if (told.moves.length > KEPT_MOVES) told.moves.shift();
}

/** The row that these moves make; undefined where the log does not say any more. */
export function receiptRow({ moves }: ToldMoves): Readonly<Record<string, unknown>> | undefined {
  const newest = moves.at(-1);
  if (newest === undefined) return undefined;
  return {
    delivered: Math.max(...moves.map(({ delivered }) => delivered)),
    read: Math.max(...moves.map(({ read }) => read)),
    at: newest.at,
    changed: newest.streamSeq,
    moves: moves.flatMap(({ delivered, read, at }) => [delivered, read, at]),
  };
}
