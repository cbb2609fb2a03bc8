/**
 * A window over the newest entries of a conversation that costs the same to extend however long it is: entries fill a
 * young generation of `size`; when it is full it becomes the old one. So between `size` and 2 x `size` are remembered.
 */
export type Recent<A> = { readonly young: readonly A[]; readonly old: readonly A[] };

export const emptyRecent: Recent<never> = { young: [], old: [] };

export function remember<A>(recent: Recent<A>, entry: A, size: number): Recent<A> {
  return recent.young.length >= size
    ? { young: [entry], old: recent.young }
    : { young: [...recent.young, entry], old: recent.old };
}

/** The newest entry that fits, or undefined. */
export function recall<A>(recent: Recent<A>, fits: (entry: A) => boolean): A | undefined {
  return recent.young.findLast(fits) ?? recent.old.findLast(fits);
}

export function amend<A>(recent: Recent<A>, change: (entry: A) => A): Recent<A> {
  return { young: recent.young.map(change), old: recent.old.map(change) };
}
