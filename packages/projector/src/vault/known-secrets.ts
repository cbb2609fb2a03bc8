import type { NatsConnection } from '@nats-io/transport-node';
import { finishDestroying } from '@parley/infra/vault/destroy-secrets';
import { LIVE_VAULT, nameOfLive } from '@parley/infra/vault/names';
import { readStoredValue } from '@parley/infra/vault/stored-value';
import type { VaultStream } from '@parley/infra/vault/vault-stream';
import type { Hold } from './holds.js';

/**
 * Which secrets there are of buckets, and which held keys. Of buckets with an end a few thousand at most, because a bucket is 1/60 of the life of
 * what is in it: they are few however many messages there are.
 */
export type KnownSecrets = {
  readonly buckets: ReadonlySet<string>;
  readonly held: ReadonlyMap<string, Hold>;
  /** Finishes what somebody died over and lists what there is, unless that was done since the line was cut last. */
  refresh(): Promise<void>;
  /** A secret is about to be destroyed: until `learn` says that it is, it counts as there, because a marker alone destroys nothing. */
  begin(name: string): void;
  /** A secret was destroyed or kept, whether it was heard of already or not. */
  learn(name: string, isThere: boolean): void;
  close(): void;
};

/** Knows nothing before the first refresh, and hears of everything from now on. */
export function knowSecrets(nats: NatsConnection, vault: VaultStream): KnownSecrets {
  const buckets = new Set<string>();
  const held = new Map<string, Hold>();
  const begun = new Set<string>();
  const status = nats.status();
  let isWhole = false;
  const subscription = nats.subscribe(LIVE_VAULT, {
    callback: (error, { subject, data }) => {
      if (error === null) hear(nameOfLive(subject), isSecret(data));
    },
  });
  void followLine();

  function hear(name: string, isThere: boolean): void {
    if (isThere || !begun.has(name)) learn(name, isThere);
  }

  function learn(name: string, isThere: boolean): void {
    const [kind, bucket = '', conversationId = ''] = name.split('.');
    if (kind === 'bucket') {
      if (isThere) buckets.add(bucket);
      else buckets.delete(bucket);
    }
    if (kind === 'held') {
      if (isThere) held.set(name, { bucket, conversationId });
      else held.delete(name);
    }
  }

  /** What is said while the line is down is not heard. */
  async function followLine(): Promise<void> {
    for await (const { type } of status) if (type === 'reconnect') isWhole = false;
  }

  return {
    buckets,
    held,
    begin: (name) => void begun.add(name),
    learn(name, isThere) {
      begun.delete(name);
      learn(name, isThere);
    },
    async refresh() {
      if (isWhole) return;
      isWhole = true;
      try {
        await finishDestroying(vault);
        for (const kind of ['bucket.*', 'held.*.*'])
          for await (const batch of vault.values(kind))
            for (const { name, data } of batch) hear(name, isSecret(data));
      } catch (error) {
        isWhole = false;
        throw error;
      }
    },
    close() {
      subscription.unsubscribe();
      (status as Partial<{ stop(): void }>).stop?.();
    },
  };
}

const isSecret = (data: Uint8Array): boolean => readStoredValue(data)?.tag === 'wrapped';
