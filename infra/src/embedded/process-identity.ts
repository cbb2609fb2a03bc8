import { readFile } from 'node:fs/promises';

/** A pid alone may be someone else's by now; with the time of its start it is one process for ever. */
export type ProcessIdentity = { readonly pid: number; readonly startedAt: string };

export const processIdentity = async (pid: number): Promise<ProcessIdentity> => ({
  pid,
  startedAt: (await startTime(pid)) ?? '',
});

export const isAlive = async (process_: ProcessIdentity): Promise<boolean> => {
  try {
    process.kill(process_.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  // Without /proc the pid is all there is.
  if (process.platform !== 'linux' || process_.startedAt === '') return true;
  return (await startTime(process_.pid)) === process_.startedAt;
};

/** Field 22 of /proc/PID/stat: clock ticks since boot. Undefined where there is no /proc, or no such process, or a zombie. */
const startTime = async (pid: number): Promise<string | undefined> => {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
};
