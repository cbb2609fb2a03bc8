/**
 * The leash: a small process that owns the private servers. It runs in a session of its own, so that Ctrl-C reaches
 * the servers only through it, and reads orders from its parent through a pipe. When the pipe ends, for whatever
 * reason, it stops every server and leaves. It imports nothing of ours: it runs from source in tests.
 *
 * Arguments: the home lock, removed last of all; the file in which the running servers are noted, for the case that the
 * leash itself is killed; and the grace in milliseconds.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export type Order =
  | {
      readonly op: 'spawn';
      readonly id: string;
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly cwd: string;
      readonly log: string;
      readonly stopSignal: 'SIGTERM' | 'SIGINT';
      readonly uid?: number;
      readonly gid?: number;
    }
  | { readonly op: 'stop'; readonly id: string }
  | { readonly op: 'stopAll' };

export type Notice =
  | { readonly event: 'spawned'; readonly id: string; readonly pid: number }
  | { readonly event: 'failed'; readonly id: string; readonly error: string }
  | {
      readonly event: 'exited';
      readonly id: string;
      readonly code: number | null;
      readonly signal: string | null;
    };

/** A server that may have outlived its leash. */
export type NotedServer = {
  readonly pid: number;
  readonly startedAt: string;
  readonly stopSignal: NodeJS.Signals;
};

type Server = {
  readonly child: ChildProcess;
  readonly stopSignal: NodeJS.Signals;
  readonly gone: Promise<void>;
};

const [lock = '', notes = '', grace = '8000'] = process.argv.slice(2);
const servers = new Map<string, Server>();
let leaving = false;

const notify = (notice: Notice): void => {
  process.stdout.write(`${JSON.stringify(notice)}\n`);
};

const start = (order: Order & { op: 'spawn' }): void => {
  const log = openSync(order.log, 'a', 0o600);
  const child = spawn(order.command, [...order.args], {
    cwd: order.cwd,
    env: order.env,
    detached: true,
    stdio: ['ignore', log, log],
    ...(order.uid === undefined ? {} : { uid: order.uid, gid: order.gid }),
  });
  closeSync(log);
  const gone = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      servers.delete(order.id);
      notify({ event: 'failed', id: order.id, error: error.message });
      resolve();
    });
    child.once('exit', (code, signal) => {
      servers.delete(order.id);
      note();
      notify({ event: 'exited', id: order.id, code, signal });
      resolve();
    });
  });
  if (child.pid === undefined) return;
  servers.set(order.id, { child, stopSignal: order.stopSignal, gone });
  note();
  notify({ event: 'spawned', id: order.id, pid: child.pid });
};

const note = (): void => {
  const noted = [...servers.values()].map(({ child, stopSignal }): NotedServer => {
    const pid = child.pid as number;
    return { pid, startedAt: startTime(pid), stopSignal };
  });
  writeFileSync(notes, JSON.stringify(noted), { mode: 0o600 });
};

/** As process-identity.ts reads it. */
const startTime = (pid: number): string => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
};

/** Asks first; after the grace, kills the server's whole session. */
const stop = async (id: string): Promise<void> => {
  const server = servers.get(id);
  if (!server) return;
  server.child.kill(server.stopSignal);
  const killer = setTimeout(() => killSession(server), Number(grace));
  await server.gone;
  clearTimeout(killer);
};

const killSession = (server: Server): void => {
  try {
    process.kill(-(server.child.pid as number), 'SIGKILL');
  } catch {
    server.child.kill('SIGKILL');
  }
};

const leave = async (): Promise<void> => {
  if (leaving) return;
  leaving = true;
  await Promise.all([...servers.keys()].map(stop));
  if (ownsHome()) for (const path of [notes, lock]) rmSync(path, { force: true });
  process.exit(0);
};

/** A leash whose stack was refused the home leaves without having had it. */
const ownsHome = (): boolean => {
  try {
    return (JSON.parse(readFileSync(lock, 'utf8')) as { readonly pid: number }).pid === process.pid;
  } catch {
    return false;
  }
};

const obey = (line: string): void => {
  const order = JSON.parse(line) as Order;
  if (order.op === 'spawn') {
    if (!leaving) start(order);
  } else if (order.op === 'stop') void stop(order.id);
  else void leave();
};

// Nobody may be left to read the notices.
process.stdout.on('error', () => undefined);
for (const signal of ['SIGINT', 'SIGHUP', 'SIGPIPE'] as const) process.on(signal, () => undefined);
process.on('SIGTERM', () => void leave());
createInterface({ input: process.stdin })
  .on('line', obey)
  .on('close', () => void leave());
