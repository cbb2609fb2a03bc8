import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { inheritedEnvironment } from './inherited-environment.js';

/** The built `parley` in a process of its own. */
export type CliProcess = {
  readonly child: ChildProcess;
  /** What it has printed so far. */
  readonly output: { out: string; err: string };
  /** The exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>;
};

/** Starts it with this environment and of ours what tells where programs are; without `input` nothing is ever typed. */
export function startCli(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input?: string,
): CliProcess {
  const main = fileURLToPath(new URL('../../../packages/cli/dist/main.js', import.meta.url));
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...inheritedEnvironment(), NO_COLOR: '1', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (data: string) => {
    output.out += data;
  });
  child.stderr.setEncoding('utf8').on('data', (data: string) => {
    output.err += data;
  });
  if (input !== undefined) child.stdin.end(input);
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  return { child, output, ended };
}
