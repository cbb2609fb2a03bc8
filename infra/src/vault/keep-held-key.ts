import { deriveHeldKey } from './derive-key.js';
import { type MasterKeys, unwrapSecret, wrapSecret } from './master-keys.js';
import { heldName, masterName } from './names.js';
import { KEY_BYTES, wipe } from './sodium.js';
import { readStoredValue } from './stored-value.js';
import type { SecretName } from './vault.js';
import type { VaultStream } from './vault-stream.js';

/**
 * Keeps the key of a bucket and a conversation on legal hold, before the bucket's secret is destroyed: bodies of that conversation
 * stay open, all others of the bucket do not. Idempotent. `none`: a secret of the two never was, so nothing was sealed under both;
 * `gone`: one is destroyed, or the held key was.
 *
 * @throws UnreadableSecret when a secret does not unwrap; RetiredMasterKey when the newest master key given is to wrap nothing any more;
 *   as the client does when the broker does not answer.
 */
export async function keepHeldKey(
  vault: VaultStream,
  masterKeys: MasterKeys,
  bucket: string,
  conversationId: string,
): Promise<'kept' | 'none' | 'gone'> {
  const name = heldName(bucket, conversationId);
  // More than 64 bytes are not in the heap, where the collector would copy them about.
  const memory = Buffer.alloc(128);
  const first = memory.subarray(0, KEY_BYTES);
  const second = memory.subarray(KEY_BYTES, 2 * KEY_BYTES);
  try {
    for (;;) {
      const kept = await vault.newest(name);
      if (kept !== undefined) return readStoredValue(kept.data)?.tag === 'marker' ? 'gone' : 'kept';
      const ofBucket = await readSecret(vault, masterKeys, `bucket.${bucket}`, first);
      if (ofBucket !== 'here') return ofBucket;
      const ofConversation = await readSecret(vault, masterKeys, `conversation.${conversationId}`, second);
      if (ofConversation !== 'here') return ofConversation;
      deriveHeldKey(first, first, second);
      await requireInUse(vault, masterKeys);
      await vault.put(name, wrapSecret(masterKeys.newest, name, first), 0);
    }
  } finally {
    wipe(memory);
  }
}

/** What was wrapped by a retired key would be lost with it, because it is thrown away. */
class RetiredMasterKey extends Error {
  override readonly name = 'RetiredMasterKey';
}

async function requireInUse(vault: VaultStream, { newest: { id } }: MasterKeys): Promise<void> {
  const known = await vault.newest(masterName(id));
  if (known !== undefined && readStoredValue(known.data)?.tag === 'marker')
    throw new RetiredMasterKey(
      `the master key ${id} was retired: put a newer one before it in PARLEY_MASTER_KEYS`,
    );
}

/** A secret is there and does not unwrap: its master key is not given, or it is damaged. */
class UnreadableSecret extends Error {
  override readonly name = 'UnreadableSecret';
}

/**
 * Reads a secret from the vault itself into 32 bytes, which the caller wipes.
 *
 * @throws UnreadableSecret when it does not unwrap; as the client does when the broker does not answer.
 */
async function readSecret(
  vault: VaultStream,
  masterKeys: MasterKeys,
  name: SecretName,
  into: Buffer,
): Promise<'here' | 'none' | 'gone'> {
  const stored = await vault.newest(name);
  if (stored === undefined) return 'none';
  const value = readStoredValue(stored.data);
  if (value?.tag === 'marker') return 'gone';
  if (value !== undefined && unwrapSecret(masterKeys, name, value, into)) return 'here';
  throw new UnreadableSecret(
    value === undefined
      ? `what the vault has of ${name} is of no form known here`
      : `${name} does not unwrap by the master keys given; it was wrapped by ${value.keyId}`,
  );
}
