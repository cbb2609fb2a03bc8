import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, renameSync, statSync } from 'node:fs';
import { nodeFlags } from '@parley/infra/runtime/node-flags';
import type { Ending } from './restart-policy.js';

/** A service of ours: a script for Node that says `{ready}` over its IPC channel, notes for people too, and stops at SIGTERM. */
export type ServiceSpec = {
  readonly name: string;
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  /** File that gets what it prints. */
  readonly log: string;
};

export type ServiceInfo = Readonly<Record<string, unknown>>;

export type ServiceProcess = {
  /** What it said when it was ready; rejects when it ends before. */
  readonly ready: Promise<ServiceInfo>;
  readonly ended: Promise<Ending>;
  /** SIGTERM, and after the grace SIGKILL; resolves when it is gone. */
  stop(graceMs: number): Promise<void>;
};

/** A log is put aside when a service starts and it has more bytes than this; one old log is kept. */
const MAX_LOG_BYTES = 20_000_000;

/** Starts a service. It has a session of its own, so that Ctrl-C reaches it only through us. Its notes are reported. */
export function startServiceProcess(
  { name, script, env, log }: ServiceSpec,
  report: (line: string) => void,
): ServiceProcess {
  const startedAt = Date.now();
  const child = spawnLogged([...nodeFlags(name), script], env, log);
  const ended = new Promise<Ending>((resolve) => {
    const end = (code: number | null): void => resolve({ ranMs: Date.now() - startedAt, code });
    child.once('exit', (code) => end(code));
    child.once('error', () => end(1));
  });
  const ready = new Promise<ServiceInfo>((resolve, reject) => {
    child.on('message', (message: { readonly ready?: ServiceInfo; readonly note?: string } | null) => {
      if (message?.ready !== undefined) resolve(message.ready);
      if (message?.note !== undefined) report(message.note);
    });
    void ended.then(({ code }) =>
      reject(new Error(`it ended with ${code ?? 'a signal'} before it was ready`)),
    );
  });
  ready.catch(() => undefined);
  return {
    ready,
    ended,
    async stop(graceMs) {
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await ended;
      clearTimeout(killer);
    },
  };
}

function spawnLogged(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  log: string,
): ChildProcess {
  if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES) renameSync(log, `${log}.1`);
  const file = openSync(log, 'a', 0o600);
  try {
    return spawn(process.execPath, ['--enable-source-maps', ...command], {
      env,
      detached: true,
      stdio: ['ignore', file, file, 'ipc'],
    });
  } finally {
    closeSync(file);
  }
}
