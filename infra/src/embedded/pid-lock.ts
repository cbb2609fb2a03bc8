import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, type ProcessIdentity, processIdentity } from './process-identity.js';

/** Who holds a lock: the process whose death frees it, and what else that process wants known. */
export type LockHolder = ProcessIdentity & { readonly note?: string };

export type LockOutcome = { readonly taken: true } | { readonly taken: false; readonly holder: LockHolder };

/**
 * Takes a lock file for a process (this one unless told otherwise). A lock whose process is gone is taken over, so a
 * crash never has to be cleaned up by hand; a hard link makes the taking atomic.
 */
export const takePidLock = async (path: string, holder?: LockHolder): Promise<LockOutcome> => {
  const mine = JSON.stringify(holder ?? (await processIdentity(process.pid)));
  const draft = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  await writeFile(draft, mine, { mode: 0o600 });
  try {
    for (;;) {
      if (await linked(draft, path)) return { taken: true };
      const current = await readFile(path, 'utf8').catch(() => undefined);
      if (current === undefined) continue;
      const other = parseHolder(current);
      if (other && (await isAlive(other))) return { taken: false, holder: other };
      if (!(await discard(path, current))) await sleep(5);
    }
  } finally {
    await rm(draft, { force: true });
  }
};

/** Who has a lock, alive or not; undefined when nobody does. */
export const lockHolder = async (path: string): Promise<LockHolder | undefined> =>
  parseHolder(await readFile(path, 'utf8').catch(() => ''));

export const releasePidLock = (path: string): Promise<void> => rm(path, { force: true });

/** Runs `work` while this process holds the lock, waiting for whoever has it. */
export const withPidLock = async <A>(path: string, work: () => Promise<A>): Promise<A> => {
  while (!(await takePidLock(path)).taken) await sleep(100);
  try {
    return await work();
  } finally {
    await releasePidLock(path);
  }
};

const linked = async (from: string, to: string): Promise<boolean> => {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
};

/**
 * Many may find the same dead lock; one of them removes it, under a lock of its own, having looked again. False when
 * another one is at it.
 */
const discard = async (path: string, stale: string): Promise<boolean> => {
  const guard = `${path}.takeover`;
  if (!(await takePidLock(guard)).taken) return false;
  try {
    if ((await readFile(path, 'utf8').catch(() => undefined)) === stale) await rm(path, { force: true });
    return true;
  } finally {
    await releasePidLock(guard);
  }
};

const parseHolder = (text: string): LockHolder | undefined => {
  try {
    const value = JSON.parse(text) as Partial<LockHolder>;
    return typeof value.pid === 'number' && typeof value.startedAt === 'string'
      ? (value as LockHolder)
      : undefined;
  } catch {
    return undefined;
  }
};
