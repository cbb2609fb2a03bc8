/** The first `most` items of a set. */
export function firstOf<A>(set: ReadonlySet<A>, most: number): readonly A[] {
  const first: A[] = [];
  for (const item of set) {
    if (first.length === most) break;
    first.push(item);
  }
  return first;
}
