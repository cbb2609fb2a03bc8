import { type MasterKeys, unwrapSecret, wrapSecret } from './master-keys.js';
import { masterName, nameOfSubject, VAULT_STREAM, vaultSubject } from './names.js';
import { KEY_BYTES, secureMemory } from './sodium.js';
import { readStoredValue, type StoredValue } from './stored-value.js';
import type { VaultStream } from './vault-stream.js';

/** The master keys given are not those of this vault. */
export class WrongMasterKeys extends Error {
  override readonly name = 'WrongMasterKeys';
}

/**
 * Checks that every master key the vault is in use with is among those given, and puts the newest given into use. Each key in use
 * has an entry that only it opens. A key that is lost may be missing, where its secrets are to be given up.
 *
 * @throws WrongMasterKeys naming the key that is missing and those that are given, or the one that was retired.
 */
export async function useMasterKeys(
  vault: VaultStream,
  masterKeys: MasterKeys,
  lostKey?: string,
): Promise<void> {
  const known = await listMasterKeys(vault);
  const wrong = [...known].flatMap(([id, value]) =>
    id === lostKey ? [] : (wrongWith(id, value, masterKeys) ?? []),
  );
  if (wrong.length > 0) throw new WrongMasterKeys(wrong.join(' '));
  if (known.has(masterKeys.newest.id)) return;
  const name = masterName(masterKeys.newest.id);
  const check = wrapSecret(masterKeys.newest, name, Buffer.alloc(KEY_BYTES));
  // Another process may be first with the same key: as good.
  await vault.put(name, check, 0);
}

function wrongWith(id: string, value: StoredValue | undefined, masterKeys: MasterKeys): string | undefined {
  if (value?.tag === 'marker') {
    return id === masterKeys.newest.id
      ? `The newest of the master keys given, ${id}, was retired: put a newer one before it in PARLEY_MASTER_KEYS.`
      : undefined;
  }
  if (!masterKeys.byId.has(id)) {
    return (
      `The vault is in use with the master key ${id}, and PARLEY_MASTER_KEYS has only ` +
      `${[...masterKeys.byId.keys()].join(', ')}: add the key that is missing, for without it bodies cannot be opened.`
    );
  }
  return value !== undefined && unwrapSecret(masterKeys, masterName(id), value, secureMemory(KEY_BYTES))
    ? undefined
    : `The vault's entry of its master key ${id} is damaged: no secret is trusted to it.`;
}

/** The master keys that the vault knows, by their ids; retired ones are markers. */
export async function listMasterKeys(
  vault: VaultStream,
): Promise<ReadonlyMap<string, StoredValue | undefined>> {
  const filter = vaultSubject(masterName('*'));
  const { state } = await vault.jsm.streams.info(VAULT_STREAM, { subjects_filter: filter });
  const known = new Map<string, StoredValue | undefined>();
  for (const name of Object.keys(state.subjects ?? {}).map(nameOfSubject)) {
    const newest = await vault.newest(name);
    if (newest !== undefined) known.set(name.slice(masterName('').length), readStoredValue(newest.data));
  }
  return known;
}
