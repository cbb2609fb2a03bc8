import { JetStreamApiError, type JetStreamManager, jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { type MasterKeys, unwrapSecret, wrapSecret } from './master-keys.js';
import { masterName, nameOfSubject, VAULT_STREAM, vaultSubject } from './names.js';
import { KEY_BYTES, secureMemory } from './sodium.js';
import { readStoredValue } from './stored-value.js';

/** The master keys given are not those of this vault. */
export class WrongMasterKeys extends Error {
  override readonly name = 'WrongMasterKeys';
}

/**
 * Checks that every master key the vault is in use with is among those given, and puts the newest given into use. Each key in use
 * has an entry that only it opens.
 *
 * @throws WrongMasterKeys naming the key that is missing and those that are given, or the one that was retired.
 */
export async function useMasterKeys(
  nats: NatsConnection,
  jsm: JetStreamManager,
  masterKeys: MasterKeys,
): Promise<void> {
  const given = [...masterKeys.byId.keys()];
  const inUse = await keysInUse(jsm);
  for (const [id, data] of inUse) {
    const value = readStoredValue(data);
    if (value?.tag === 'wrapped' && masterKeys.byId.has(id)) {
      if (unwrapSecret(masterKeys, masterName(id), value, secureMemory(KEY_BYTES))) continue;
      throw new WrongMasterKeys(
        `The vault's entry of its master key ${id} is damaged: nothing is trusted to it.`,
      );
    }
    if (value?.tag === 'marker' && id !== masterKeys.newest.id) continue;
    throw new WrongMasterKeys(
      value?.tag === 'marker'
        ? `The newest of the master keys given, ${id}, was retired: put a newer one before it in PARLEY_MASTER_KEYS.`
        : `The vault is in use with the master key ${id}, and PARLEY_MASTER_KEYS has only ${given.join(', ')}: ` +
            'add the key that is missing, for without it bodies cannot be opened.',
    );
  }
  if (!inUse.has(masterKeys.newest.id)) await putIntoUse(nats, jsm, masterKeys);
}

async function putIntoUse(
  nats: NatsConnection,
  jsm: JetStreamManager,
  masterKeys: MasterKeys,
): Promise<void> {
  const { newest } = masterKeys;
  const name = masterName(newest.id);
  const check = wrapSecret(newest, name, Buffer.alloc(KEY_BYTES));
  try {
    await jetstream(nats).publish(vaultSubject(name), check, { expect: { lastSubjectSequence: 0 } });
  } catch (error) {
    // Another process was first with the same key.
    if (!(error instanceof JetStreamApiError) || !(await keysInUse(jsm)).has(newest.id)) throw error;
  }
}

/** Ids of the master keys the vault knows, retired ones with their marker. Asked of the leader. */
export async function keysInUse(jsm: JetStreamManager): Promise<ReadonlyMap<string, Uint8Array>> {
  const { state } = await jsm.streams.info(VAULT_STREAM, { subjects_filter: vaultSubject(masterName('*')) });
  const found = new Map<string, Uint8Array>();
  for (const subject of Object.keys(state.subjects ?? {})) {
    const stored = await jsm.streams.getMessage(VAULT_STREAM, { last_by_subj: subject });
    if (stored !== null) found.set(nameOfSubject(subject).slice(masterName('').length), stored.data);
  }
  return found;
}
