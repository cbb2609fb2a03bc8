import { setTimeout as sleep } from 'node:timers/promises';
import { homeLockPath, stopGraceMs } from './leash.js';
import { takePidLock } from './pid-lock.js';
import { isAlive, type ProcessIdentity, processIdentity } from './process-identity.js';

/**
 * One stack per home. The lock lives as long as the leash, since the servers do; when the owner is gone and its leash
 * is still stopping servers, the next start waits for that.
 *
 * @throws HomeInUse naming the process that has it
 */
export const lockHome = async (home: string, leashPid: number): Promise<void> => {
  const owner = await processIdentity(process.pid);
  const leash = await processIdentity(leashPid);
  const begin = Date.now();
  for (;;) {
    const outcome = await takePidLock(homeLockPath(home), { ...leash, note: JSON.stringify(owner) });
    if (outcome.taken) return;
    const holder = JSON.parse(outcome.holder.note ?? '{}') as ProcessIdentity;
    const patience = (await isAlive(holder)) ? DYING_MS : stopGraceMs + 5_000;
    if (Date.now() - begin > patience) throw new HomeInUse(home, holder.pid);
    await sleep(100);
  }
};

/** A process that was killed a moment ago is still there until the kernel has taken its memory back. */
const DYING_MS = 1_500;

export class HomeInUse extends Error {
  constructor(
    readonly home: string,
    readonly pid: number,
  ) {
    super(
      `${home} is in use by process ${pid}: stop that one first, or set PARLEY_HOME to another directory for a second stack`,
    );
  }
}
