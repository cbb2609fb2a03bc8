import { openLimiter } from '../runtime/limiter.js';
import { markerValue, readStoredValue } from './stored-value.js';
import type { SecretName } from './vault.js';
import type { VaultStream } from './vault-stream.js';

/** A secret that is no more. */
export type Destroyed = {
  readonly name: SecretName;
  /** When its marker was written, in ms since 1970, and why, in a word; by whoever was first. */
  readonly at: number;
  readonly why: string;
  /** Sequence of the marker in the stream. */
  readonly revision: number;
  /** Values overwritten by this call: 0 where they were before, and where there never was a secret. */
  readonly overwritten: number;
  /** Since when, at the latest, the stream has no value of it, in ms since 1970. */
  readonly clearedBy: number;
};

/** Secrets destroyed at once: the broker overwrites some 70 a second, however many ask. */
const AT_ONCE = 4;

/**
 * Destroys secrets: a marker over the name, which every process hears and forgets the secret at once, then the values under it are
 * overwritten on disk. Idempotent: after a death between the two, the next call with the name finishes, or `finishDestroying`. A
 * name that never had a secret gets its marker too, and so never will.
 *
 * @param why one word of small letters and hyphens, such as `expired`
 * @throws as the client does when the broker does not answer: some are destroyed then, and the call is made again.
 */
export async function destroySecrets(
  vault: VaultStream,
  names: readonly SecretName[],
  why: string,
  now: () => number = Date.now,
): Promise<readonly Destroyed[]> {
  const limiter = openLimiter(AT_ONCE);
  return Promise.all(names.map((name) => limiter.run(() => destroy(vault, name, why, now))));
}

async function destroy(
  vault: VaultStream,
  name: SecretName,
  why: string,
  now: () => number,
): Promise<Destroyed> {
  for (;;) {
    const newest = await vault.newest(name);
    const value = newest && readStoredValue(newest.data);
    if (newest !== undefined && value?.tag === 'marker') {
      const { at, why: said } = value;
      const overwritten = await vault.overwriteBefore(name, newest.revision);
      return { name, at, why: said, revision: newest.revision, overwritten, clearedBy: now() };
    }
    // Fails where somebody wraps or destroys it at the same time: look again.
    await vault.put(name, markerValue({ at: now(), why }), newest?.revision ?? 0);
  }
}

/**
 * Finds secrets with a marker whose value is still there, because whoever destroyed them died, and finishes. One question when
 * there is none, else a look through the whole vault.
 *
 * @throws as the client does when the broker does not answer.
 */
export async function finishDestroying(
  vault: VaultStream,
  now: () => number = Date.now,
): Promise<readonly Destroyed[]> {
  const finished: Destroyed[] = [];
  if ((await vault.superseded()) === 0) return finished;
  for await (const batch of vault.values()) {
    for (const { name, revision, data } of batch) {
      const value = readStoredValue(data);
      if (value?.tag !== 'marker') continue;
      const overwritten = await vault.overwriteBefore(name, revision);
      if (overwritten === 0) continue;
      const { at, why } = value;
      finished.push({ name: name as SecretName, at, why, revision, overwritten, clearedBy: now() });
    }
  }
  return finished;
}
