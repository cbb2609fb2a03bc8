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
  const patience = Date.now() + stopGraceMs + 5_000;
  for (;;) {
    const outcome = await takePidLock(homeLockPath(home), { ...leash, note: JSON.stringify(owner) });
    if (outcome.taken) return;
    const holder = JSON.parse(outcome.holder.note ?? '{}') as ProcessIdentity;
    if ((await isAlive(holder)) || Date.now() > patience) throw new HomeInUse(home, holder.pid);
    await sleep(100);
  }
};

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
