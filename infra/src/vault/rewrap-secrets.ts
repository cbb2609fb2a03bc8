import { openLimiter } from '../runtime/limiter.js';
import { openKeySlots } from './key-slots.js';
import { type MasterKeys, unwrapSecret, wrapSecret } from './master-keys.js';
import { masterName } from './names.js';
import { randomInto } from './sodium.js';
import { markerValue, readStoredValue } from './stored-value.js';
import { listMasterKeys } from './use-master-keys.js';
import type { Entry, VaultStream } from './vault-stream.js';

export type Rewrapped = {
  /** Secrets that were under an older master key and are under the newest now. */
  readonly wrapped: number;
  /** New secrets in the place of those that were given up. */
  readonly replaced: number;
  /** Names of secrets that none of the master keys given unwraps: they are as they were. */
  readonly unreadable: readonly string[];
  /** Ids of the master keys that nothing is under any more. A process that wraps by one of them makes no secrets from now on. */
  readonly retired: readonly string[];
};

export type RewrapOptions = {
  /** Called for each value that was looked at. */
  readonly onStep?: () => void;
  /**
   * Id of a master key that nobody has any more. Secrets under it are replaced by new ones, so that conversations and people go on;
   * what was sealed under them never opens again.
   */
  readonly lostKey?: string;
};

/** Secrets wrapped at once; overwriting what they were bounds it all, at some 70 a second. */
const AT_ONCE = 4;

/**
 * Wraps every secret that is not under the newest master key by that, overwrites what it was on disk, and retires the older keys
 * when nothing is under them any more. Bodies are not touched. Broken off, it goes on where it was: what is under the
 * newest key is left alone.
 *
 * @throws as the client does when the broker does not answer.
 */
export async function rewrapSecrets(
  vault: VaultStream,
  masterKeys: MasterKeys,
  { onStep = () => undefined, lostKey }: RewrapOptions = {},
): Promise<Rewrapped> {
  const limiter = openLimiter(AT_ONCE);
  const slots = openKeySlots(AT_ONCE);
  const unreadable: string[] = [];
  const done = { wrapped: 0, replaced: 0, left: 0 };
  let reached = 0;

  async function wrapAgain(entry: Entry): Promise<void> {
    const secret = slots.take();
    const outcome = await rewrap(vault, masterKeys, lostKey, entry, secret).finally(() => slots.give(secret));
    if (outcome === 'unreadable') unreadable.push(entry.name);
    else done[outcome]++;
    onStep();
  }

  async function pass(): Promise<void> {
    for await (const batch of vault.values('>', reached + 1)) {
      await Promise.all(batch.map((entry) => limiter.run(() => wrapAgain(entry))));
      reached = batch.at(-1)?.revision ?? reached;
    }
  }

  await pass();
  const retired = unreadable.length > 0 ? [] : await retireOthers(vault, masterKeys);
  // What a process made by an older key until it heard that this is over.
  await pass();
  const { wrapped, replaced } = done;
  return { wrapped, replaced, unreadable, retired };
}

async function rewrap(
  vault: VaultStream,
  masterKeys: MasterKeys,
  lostKey: string | undefined,
  { name, revision, data }: Entry,
  secret: Buffer,
): Promise<'wrapped' | 'replaced' | 'unreadable' | 'left'> {
  const value = readStoredValue(data);
  if (value?.tag !== 'wrapped' || value.keyId === masterKeys.newest.id || name.startsWith(masterName('')))
    return 'left';
  const newest = await vault.newest(name);
  if (newest === undefined || newest.revision !== revision) {
    await vault.overwrite(revision);
    return 'left';
  }
  const isLost = value.keyId === lostKey;
  if (isLost) randomInto(secret);
  else if (!unwrapSecret(masterKeys, name, value, secret)) return 'unreadable';
  const now = await vault.put(name, wrapSecret(masterKeys.newest, name, secret), revision);
  // Destroyed meanwhile: whoever did that overwrites it.
  if (now === undefined) return 'left';
  await vault.overwriteBefore(name, now);
  return isLost ? 'replaced' : 'wrapped';
}

async function retireOthers(vault: VaultStream, masterKeys: MasterKeys): Promise<readonly string[]> {
  const retired: string[] = [];
  for (const [id, value] of await listMasterKeys(vault)) {
    if (id === masterKeys.newest.id || value?.tag !== 'wrapped') continue;
    const name = masterName(id);
    const newest = await vault.newest(name);
    const marker = markerValue({ at: Date.now(), why: 'retired' });
    const revision = await vault.put(name, marker, newest?.revision ?? 0);
    if (revision === undefined) continue;
    await vault.overwriteBefore(name, revision);
    retired.push(id);
  }
  return retired;
}
