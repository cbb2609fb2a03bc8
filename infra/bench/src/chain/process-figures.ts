import { readFileSync } from 'node:fs';

/** Memory of a process that is in RAM now, in bytes. Linux only. */
export function residentBytes(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kib === undefined) throw new Error(`no VmRSS of process ${pid}`);
  return Number(kib) * 1024;
}

/** CPU time a process has taken until now, in ms, at the kernel's resolution of 10 ms. Linux only. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // After the name, which may hold anything, in brackets: utime and stime are fields 14 and 15 of all.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** USER_HZ is 100 on every architecture Node runs on. */
const TICK_MS = 10;
