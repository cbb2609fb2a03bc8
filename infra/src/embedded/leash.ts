import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Notice, Order } from './leash-process.js';

/** A program for the leash to own. */
export type LeashedProgram = Omit<Extract<Order, { op: 'spawn' }>, 'op'>;

export type ServerExit = {
  readonly id: string;
  readonly code: number | null;
  readonly signal: string | null;
};

export type Leash = {
  readonly pid: number;
  /** Resolves with the program's pid. */
  spawn(program: LeashedProgram): Promise<number>;
  /** Resolves when the program is gone. */
  stop(id: string): Promise<void>;
  /** Calls back when a program ends, asked to or not. */
  onExit(listener: (exit: ServerExit) => void): () => void;
  /** Stops every program, then the leash; resolves when all are gone. */
  close(): Promise<void>;
};

/** How long a server may take to stop before it is killed. */
export const stopGraceMs = 8_000;

export const homeLockPath = (home: string): string => join(home, 'stack.lock');

/** Where the leash notes what it runs. */
export const notesPath = (home: string): string => join(home, 'servers.json');

/** Starts the process that stops the private servers when this one ends, however it ends. */
export const startLeash = async (home: string): Promise<Leash> => {
  const errors = openSync(join(home, 'logs/leash.log'), 'a', 0o600);
  const child = spawn(
    process.execPath,
    [program(), homeLockPath(home), notesPath(home), String(stopGraceMs)],
    {
      detached: true,
      stdio: ['pipe', 'pipe', errors],
      env: { PATH: process.env.PATH ?? '', NODE_NO_WARNINGS: '1' },
    },
  ) as ChildProcessByStdio<Writable, Readable, null>;
  closeSync(errors);
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));

  const running = new Map<string, { readonly pid: number; readonly stopSignal: NodeJS.Signals }>();
  const stopSignals = new Map<string, NodeJS.Signals>();
  let isGone = false;
  const listeners = new Set<(notice: Notice) => void>();
  const tell = (notice: Notice): void => {
    if (notice.event === 'spawned')
      running.set(notice.id, { pid: notice.pid, stopSignal: stopSignals.get(notice.id) ?? 'SIGTERM' });
    else running.delete(notice.id);
    for (const listener of [...listeners]) listener(notice);
  };
  const order = (what: Order): void => {
    child.stdin.write(`${JSON.stringify(what)}\n`);
  };
  child.stdin.on('error', () => undefined);
  createInterface({ input: child.stdout }).on('line', (line) => tell(JSON.parse(line) as Notice));
  // The leash itself was killed: what it owned must not outlive it.
  void gone.then(() => {
    isGone = true;
    for (const [id, { pid, stopSignal }] of [...running]) {
      killQuietly(pid, stopSignal);
      tell({ event: 'exited', id, code: null, signal: stopSignal });
    }
  });

  return {
    pid: child.pid as number,
    spawn: (what) =>
      new Promise((resolve, reject) => {
        if (isGone) return reject(new Error('the process that holds the servers is gone'));
        stopSignals.set(what.id, what.stopSignal);
        const settle = (notice: Notice): void => {
          if (notice.id !== what.id || notice.event === 'exited') return;
          listeners.delete(settle);
          if (notice.event === 'spawned') resolve(notice.pid);
          else reject(new Error(`${what.command} does not start: ${notice.error}`));
        };
        listeners.add(settle);
        order({ op: 'spawn', ...what });
      }),
    stop: (id) =>
      new Promise((resolve) => {
        if (!running.has(id)) return resolve();
        const settle = (notice: Notice): void => {
          if (notice.id !== id || notice.event === 'spawned') return;
          listeners.delete(settle);
          resolve();
        };
        listeners.add(settle);
        order({ op: 'stop', id });
      }),
    onExit: (listener) => {
      const forward = (notice: Notice): void => {
        if (notice.event === 'exited') listener({ id: notice.id, code: notice.code, signal: notice.signal });
      };
      listeners.add(forward);
      return () => listeners.delete(forward);
    },
    close: async () => {
      order({ op: 'stopAll' });
      await gone;
    },
  };
};

/** The compiled file beside the compiled, the source beside the source. */
const program = (): string => {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`./leash-process.${extension}`, import.meta.url));
};

const killQuietly = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
};
