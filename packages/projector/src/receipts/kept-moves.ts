/** A move of somebody's watermarks, in ms; a time of 0 was taken away. */
export type Move = { readonly delivered: number; readonly read: number; readonly at: number };

/** Whether there is a message whose proof is still told with a seq after `after` and up to `upTo`. */
export type IsTold = (after: number, upTo: number) => boolean;

/** What is to become of somebody's moves: which of them to keep, and whether the newest must lose its time. */
export type Forgetting = { readonly kept: readonly boolean[]; readonly losesTime: boolean };

/**
 * A move tells of the messages between the watermarks before it and its own. One that tells of no message whose proof is still told is not
 * needed: dropping it changes nothing for the others. The newest says where the watermarks are and stays, but its time goes
 * when that is all it says.
 *
 * @param moves oldest first
 */
export function forgetMoves(moves: readonly Move[], isTold: IsTold): Forgetting {
  const needed = moves.map(({ delivered, read }, index) => {
    const before = moves[index - 1] ?? { delivered: 0, read: 0 };
    return isTold(before.delivered, delivered) || isTold(before.read, read);
  });
  const newest = moves.at(-1);
  return {
    kept: needed.map((isNeeded, index) => isNeeded || index === moves.length - 1),
    losesTime: newest !== undefined && newest.at !== 0 && needed.at(-1) === false,
  };
}

/** Whether there is anything to be done. */
export const isForgetting = ({ kept, losesTime }: Forgetting): boolean => losesTime || kept.includes(false);
