import { Counter, Gauge, type Registry } from 'prom-client';

export type VaultMetrics = {
  /** Secrets of buckets that there are, those of them that are due, and keys that are held. */
  known(buckets: number, overdue: number, held: number): void;
  destroyed(): void;
};

/** What an operator watches of secrets that are to be destroyed on time. Only the projector that does it knows. */
export function vaultMetrics(registry: Registry): VaultMetrics {
  const registers = [registry];
  const buckets = new Gauge({
    name: 'parley_vault_buckets',
    help: 'Secrets of buckets: all there are, and those whose time is over and that are not destroyed yet.',
    labelNames: ['state'],
    registers,
  });
  const held = new Gauge({
    name: 'parley_vault_held_keys',
    help: 'Keys of a bucket and a conversation on legal hold that were kept when the bucket was destroyed.',
    registers,
  });
  const destroyed = new Counter({
    name: 'parley_vault_buckets_destroyed_total',
    help: 'Secrets of buckets that were destroyed because their time was over.',
    registers,
  });
  return {
    known(all, overdue, heldKeys) {
      buckets.set({ state: 'alive' }, all);
      buckets.set({ state: 'overdue' }, overdue);
      held.set(heldKeys);
    },
    destroyed: () => destroyed.inc(),
  };
}
