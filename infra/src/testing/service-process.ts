import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { nodeFlags } from '../runtime/node-flags.js';
import { inheritedEnvironment } from './inherited-environment.js';

/** A service in a process of its own, as `npm start` runs it. */
export type ServiceProcess = {
  readonly pid: number;
  /** What it said when it was ready: its URL and more. */
  readonly info: Readonly<Record<string, unknown>>;
  /** With its exit code; null after a signal. */
  readonly exited: Promise<number | null>;
  /** Ends it with a signal, SIGTERM unless said, and resolves when it is gone. */
  end(signal?: NodeJS.Signals): Promise<void>;
  /** Stops and continues it (SIGSTOP, SIGCONT). */
  signal(signal: NodeJS.Signals): void;
};

export type ServiceName = 'command-api' | 'projector' | 'gateway' | 'sfu';

/** Milliseconds within which a service must be ready. */
const READY_WITHIN = 30_000;

/**
 * Starts the built service with this environment and resolves when it is ready. Its log goes to standard error when
 * `PARLEY_LOG_LEVEL` lets anything through.
 *
 * @throws when it ends, or is not ready within 30 s
 */
export async function startService(
  name: ServiceName,
  env: Readonly<Record<string, string>>,
): Promise<ServiceProcess> {
  const main = fileURLToPath(new URL(`../../../packages/${name}/dist/main.js`, import.meta.url));
  const child = fork(main, {
    env: { ...inheritedEnvironment(), ...env },
    // A test runner's own flags would make it read the sources.
    execArgv: [...nodeFlags(name)],
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const info = await ready(name, child);
  return {
    pid: child.pid as number,
    info,
    exited,
    signal: (signal) => void child.kill(signal),
    async end(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await exited;
    },
  };
}

function ready(name: ServiceName, child: ChildProcess): Promise<Readonly<Record<string, unknown>>> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${name} was not ready within ${READY_WITHIN} ms`));
    }, READY_WITHIN);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`${name} ended with ${code ?? signal} before it was ready`));
    });
    child.on('message', (message) => {
      if (typeof message !== 'object' || message === null || !('ready' in message)) return;
      clearTimeout(timer);
      resolve(message.ready as Readonly<Record<string, unknown>>);
    });
  });
}
