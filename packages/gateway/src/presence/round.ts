/** Goes round the values of a map, some with each call, so that it has been to all of them after `calls`. */
export function openRound<A>(map: ReadonlyMap<string, A>, calls: number): () => readonly A[] {
  let round = map.values();
  return () => {
    const some: A[] = [];
    for (let left = Math.ceil(map.size / calls); left > 0; left--) {
      const next = round.next();
      if (next.done) {
        round = map.values();
        break;
      }
      some.push(next.value);
    }
    return some;
  };
}
