import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Endpoints } from '../terminal/endpoints.js';

export type CliRun = {
  readonly child: ChildProcess;
  /** What it has printed so far. */
  readonly output: { out: string; err: string };
  /** The exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>;
};

/** Runs the built `parley` in a process of its own. */
export function startCli(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input?: string,
): CliRun {
  const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', NO_COLOR: '1', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output = { out: '', err: '' };
  child.stdout.on('data', (data) => {
    output.out += data;
  });
  child.stderr.on('data', (data) => {
    output.err += data;
  });
  if (input !== undefined) child.stdin.end(input);
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  return { child, output, ended };
}

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
