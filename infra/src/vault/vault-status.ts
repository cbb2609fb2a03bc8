import { bucketEnd } from '@parley/domain/sealing/bucket';
import { masterName } from './names.js';
import { readStoredValue, type StoredValue } from './stored-value.js';
import type { VaultStream } from './vault-stream.js';

const KINDS = ['bucket', 'conversation', 'author', 'held'] as const;
export type Kind = (typeof KINDS)[number];

export type VaultStatus = {
  /** Master keys the vault knows, by id; how many secrets are under each. */
  readonly masterKeys: readonly {
    readonly id: string;
    readonly state: 'in use' | 'retired';
    readonly secrets: number;
  }[];
  readonly secrets: Readonly<Record<Kind, number>>;
  readonly destroyed: Readonly<Record<Kind, number>>;
  /** Buckets that are past and whose secrets are still there, and since when the first of them is past, in ms since 1970. */
  readonly overdue: { readonly buckets: number; readonly since?: number };
  /** Values that were to be overwritten and are still there. */
  readonly superseded: number;
};

/**
 * What the vault has, by a look through all of it: nothing is unwrapped.
 *
 * @throws as the client does when the broker does not answer.
 */
export async function vaultStatus(vault: VaultStream, now: number = Date.now()): Promise<VaultStatus> {
  const newest = new Map<string, StoredValue>();
  for await (const batch of vault.values()) {
    for (const { name, data } of batch) {
      const value = readStoredValue(data);
      if (value !== undefined) newest.set(name, value);
    }
  }
  const secrets = count();
  const destroyed = count();
  const under = new Map<string, number>();
  const states = new Map<string, 'in use' | 'retired'>();
  const past: number[] = [];
  for (const [name, value] of newest) {
    const [kind = '', id = ''] = name.split('.');
    if (name.startsWith(masterName(''))) states.set(id, value.tag === 'marker' ? 'retired' : 'in use');
    if (!isKind(kind)) continue;
    if (value.tag === 'marker') {
      destroyed[kind]++;
      continue;
    }
    secrets[kind]++;
    under.set(value.keyId, (under.get(value.keyId) ?? 0) + 1);
    const end = kind === 'bucket' ? bucketEnd(id) : undefined;
    if (end !== undefined && end <= now) past.push(end);
  }
  const ids = new Set([...states.keys(), ...under.keys()]);
  return {
    masterKeys: [...ids].map((id) => ({
      id,
      state: states.get(id) ?? 'in use',
      secrets: under.get(id) ?? 0,
    })),
    secrets,
    destroyed,
    overdue: {
      buckets: past.length,
      ...(past.length > 0 && { since: past.reduce((a, b) => Math.min(a, b)) }),
    },
    superseded: await vault.superseded(),
  };
}

const count = (): Record<Kind, number> => ({ bucket: 0, conversation: 0, author: 0, held: 0 });

const isKind = (text: string): text is Kind => (KINDS as readonly string[]).includes(text);
