import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The built `parley` command in a process of its own. */
export type CliProcess = {
  readonly child: ChildProcess;
  /** What it has printed so far. */
  readonly out: () => string;
  readonly err: () => string;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
};

const main = fileURLToPath(new URL('../../../packages/cli/dist/main.js', import.meta.url));

/** Starts it with this environment and nothing else of ours. */
export function runCli(args: readonly string[], env: Readonly<Record<string, string>> = {}): CliProcess {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    printed.err += text;
  });
  return {
    child,
    out: () => printed.out,
    err: () => printed.err,
    ended: once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string),
  };
}
