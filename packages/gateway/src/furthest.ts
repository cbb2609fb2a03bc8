import type { LoggedReceipt } from '@parley/domain/wire/receipts';

type Place = { readonly user: string; readonly seq: number };

/**
 * Who is furthest in a large conversation, by what reached them and by what they have read: two people each, because one of
 * them may have written the message that the other is asked about.
 */
export type Furthest = { readonly delivered: readonly Place[]; readonly read: readonly Place[] };

/** Who is furthest after some receipts, and which of these say something new about that: four at most. */
export function advanceFurthest(
  before: Furthest | undefined,
  receipts: readonly LoggedReceipt[],
): { readonly furthest: Furthest; readonly telling: readonly LoggedReceipt[] } {
  const after = { delivered: topTwo(before, 'delivered', receipts), read: topTwo(before, 'read', receipts) };
  const isIn = (
    places: Furthest | undefined,
    mark: keyof Furthest,
    { user, ...at }: LoggedReceipt,
  ): boolean => places?.[mark].some((place) => place.user === user && place.seq === at[mark]) ?? false;
  const isNew = (mark: keyof Furthest, receipt: LoggedReceipt): boolean =>
    isIn(after, mark, receipt) && !isIn(before, mark, receipt);
  return {
    furthest: after,
    telling: receipts.filter((receipt) => isNew('delivered', receipt) || isNew('read', receipt)),
  };
}

/** Who was there first stays where others come as far. */
function topTwo(
  before: Furthest | undefined,
  mark: keyof Furthest,
  receipts: readonly LoggedReceipt[],
): readonly Place[] {
  const seqs = new Map(before?.[mark].map(({ user, seq }) => [user, seq]));
  for (const receipt of receipts) {
    if (receipt[mark] > (seqs.get(receipt.user) ?? 0)) seqs.set(receipt.user, receipt[mark]);
  }
  return [...seqs]
    .map(([user, seq]) => ({ user, seq }))
    .sort((a, b) => b.seq - a.seq)
    .slice(0, 2);
}
