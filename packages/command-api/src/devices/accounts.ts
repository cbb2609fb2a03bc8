import { type AccountEnvelope, decodeAccountEvent } from '@parley/domain/account/envelope';
import { evolveAccount } from '@parley/domain/account/evolve';
import { accountOfSnapshot, accountSnapshot } from '@parley/domain/account/snapshot';
import { type Account, initialAccount, weightOf } from '@parley/domain/account/state';
import type { SnapshotFormat } from '@parley/infra/log/snapshots';
import { accountPlaceOf } from '@parley/infra/log/subjects';
import {
  type FoldedStore,
  type FoldedStoreOptions,
  type Known,
  openFoldedStore,
} from '../log/folded-store.js';

export type KnownAccount = Known<Account>;
export type Accounts = FoldedStore<Account, AccountEnvelope>;

/** No conversation has a dot in its id, so the two do not meet in one bucket. */
export const accountFormat: SnapshotFormat<Account> = {
  keyOf: (user) => `account.${user}`,
  toSnapshot: accountSnapshot,
  fromSnapshot: accountOfSnapshot,
};

/** Accounts of users, folded from their events. `maxCached` is in bytes, because keys may be large. */
export function openAccounts({
  partitions,
  ...options
}: FoldedStoreOptions<Account> & { readonly partitions: number }): Accounts {
  const folding = {
    placeOf: (user: string) => accountPlaceOf(user, partitions),
    initial: initialAccount,
    decode: decodeAccountEvent,
    evolve: evolveAccount,
    sizeOf: weightOf,
    snapshotEvery: 50,
  };
  return openFoldedStore(folding, options);
}
