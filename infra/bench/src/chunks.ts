/** Items in order, `size` at a time. */
export function* chunks<A>(items: Iterable<A>, size: number): Generator<readonly A[]> {
  let chunk: A[] = [];
  for (const item of items) {
    chunk.push(item);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
