/** A set with a bound: what comes when it is full pushes out what has been there longest. */
export type BoundedSet = {
  readonly size: number;
  add(item: string): void;
  /** Takes out the oldest ones, `most` at most. */
  take(most: number): readonly string[];
};

export function boundedSet(bound: number): BoundedSet {
  const items = new Set<string>();
  return {
    get size() {
      return items.size;
    },
    add(item) {
      items.add(item);
      if (items.size > bound) items.delete(items.values().next().value as string);
    },
    take(most) {
      const taken: string[] = [];
      for (const item of items) {
        if (taken.length >= most) break;
        taken.push(item);
      }
      for (const item of taken) items.delete(item);
      return taken;
    },
  };
}
