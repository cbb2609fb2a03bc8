export type Fifo<A> = {
  push(item: A): void;
  /** Takes the one that has waited longest, or undefined where none waits. */
  shift(): A | undefined;
  readonly length: number;
};

/**
 * A queue whose first is taken in constant time: from an array of more than some 16,000, V8's own `shift` moves all the others. Unbounded: its
 * users say how much they keep.
 */
export function openFifo<A>(): Fifo<A> {
  const items: (A | undefined)[] = [];
  let first = 0;

  return {
    push(item) {
      items.push(item);
    },
    shift() {
      const item = items[first];
      if (first === items.length) return undefined;
      items[first++] = undefined;
      if (first > SPENT && first * 2 > items.length) {
        items.splice(0, first);
        first = 0;
      }
      return item;
    },
    get length() {
      return items.length - first;
    },
  };
}

/** Places of items already taken that are left standing, at least. */
const SPENT = 1_024;
