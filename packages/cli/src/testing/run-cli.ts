import { readdir, readFile } from 'node:fs/promises';
import { startCli } from '@parley/infra/testing/cli-process';
import type { Endpoints } from '../terminal/endpoints.js';

export async function runCli(args: readonly string[], env: Readonly<Record<string, string>>, input = '') {
  const { output, ended } = startCli(args, env, input);
  return { code: await ended, ...output };
}

/** The endpoints in the line `ready {…}`, once it is printed. */
export function endpointsIn(out: string): Endpoints | undefined {
  const line = out.split('\n').find((candidate) => candidate.startsWith('ready ') && candidate.endsWith('}'));
  return line === undefined ? undefined : (JSON.parse(line.slice('ready '.length)) as Endpoints);
}

/** Processes that a process has started, by a word in their command line. */
export async function childOf(pid: number, word: string): Promise<number | undefined> {
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) !== pid) continue;
    const command = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
    if (command.includes(word)) return Number(entry);
  }
  return undefined;
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
