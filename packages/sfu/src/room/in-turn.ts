/** Gives at most `most` of a changing list each time, so that each of them has its turn. */
export function inTurn<A>(most: number): { next(all: readonly A[]): readonly A[] } {
  let from = 0;
  return {
    next(all) {
      if (all.length <= most) return all;
      from %= all.length;
      const taken = [...all.slice(from, from + most), ...all.slice(0, Math.max(0, from + most - all.length))];
      from += most;
      return taken;
    },
  };
}
