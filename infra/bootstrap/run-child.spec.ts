import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../src/testing/wait-for.js';

const runChild = new URL('./run-child.mjs', import.meta.url).href;
let directory = '';
let child = '';
const started: number[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parley-child-'));
  child = join(directory, 'child.mjs');
  // Like a service: it ends in order, and says what made it.
  await writeFile(
    child,
    `const end = (why) => { console.log(why); process.exit(why === 'SIGTERM' ? 7 : 8); };
     for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => end(signal));
     process.on('disconnect', () => { process.kill(process.pid, 'SIGTERM'); });
     if (process.argv[2] === 'exit') process.exit(3);
     console.log(process.pid);
     setInterval(() => {}, 1000);`,
  );
});

afterAll(() => rm(directory, { recursive: true, force: true }));

afterEach(() => {
  for (const pid of started.splice(0)) kill(pid, 'SIGKILL');
});

const kill = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
};

type Run = { readonly parent: ChildProcess; readonly childPid: number; readonly said: string[] };

/** Starts a parent as `npm start` would: through a shell that stays, or directly. */
const start = async (how: { readonly throughShell: boolean }): Promise<Run> => {
  const script = `const { runChild } = await import('${runChild}'); runChild('${child}', []);`;
  const node = [process.execPath, '--input-type=module', '-e', script];
  const env = { ...process.env, npm_lifecycle_event: 'start' };
  const parent = how.throughShell
    ? spawn('sh', ['-c', '"$@"; true', 'sh', ...node], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    : spawn(node[0] as string, node.slice(1), { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const said: string[] = [];
  createInterface({ input: parent.stdout as NodeJS.ReadableStream }).on('line', (line) => said.push(line));
  const first = await waitFor(() => said[0], { what: 'the child' });
  started.push(parent.pid as number, Number(first));
  return { parent, childPid: Number(first), said };
};

const isGone = async (pid: number): Promise<boolean> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat === undefined || /\) Z /.test(stat);
};

const exitCode = (process_: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => process_.once('exit', (code) => resolve(code)));

describe('the child', () => {
  it('gives its exit code to the parent', async () => {
    const script = `const { runChild } = await import('${runChild}'); runChild('${child}', ['exit']);`;
    expect(await exitCode(spawn(process.execPath, ['--input-type=module', '-e', script]))).toBe(3);
  });

  it.each([
    ['SIGTERM', 7],
    ['SIGINT', 8],
  ] as const)('is told of %s and ends in order', async (signal, code) => {
    const { parent, said } = await start({ throughShell: false });
    const exited = exitCode(parent);
    parent.kill(signal);
    expect(await exited).toBe(code);
    expect(said.slice(1)).toEqual([signal]);
  });

  it('ends when the parent is killed', async () => {
    const { parent, childPid } = await start({ throughShell: false });
    parent.kill('SIGKILL');
    await waitFor(() => isGone(childPid), { what: 'the child to end', timeout: 3_000 });
  });

  it('ends when the shell of npm is killed', async () => {
    const { parent, childPid } = await start({ throughShell: true });
    parent.kill('SIGKILL');
    await waitFor(() => isGone(childPid), { what: 'the child to end', timeout: 3_000 });
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'ends when npm gets %s, whichever shells lie between',
    async (signal) => {
      // npm starts a shell, which starts the link to our Node, which is a script of a shell, which starts us. At SIGTERM
      // npm tells its shell alone.
      const link = join(directory, 'node');
      await writeFile(link, `#!/bin/sh\n"${process.execPath}" "$@"\nexit $?\n`, { mode: 0o755 });
      const script = `const { runChild } = await import('${runChild}'); runChild('${child}', []);`;
      const npm = spawn(
        process.execPath,
        [
          '-e',
          `const { spawn } = require('node:child_process');
         const shell = spawn('sh', ['-c', '"$@"; true', 'sh', ${JSON.stringify(link)}, '--input-type=module', '-e', ${JSON.stringify(script)}], { stdio: 'inherit' });
         process.on('SIGTERM', () => { shell.kill('SIGTERM'); process.exit(1); });
         setInterval(() => {}, 1000);`,
        ],
        { env: { ...process.env, npm_lifecycle_event: 'start' }, stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const said: string[] = [];
      createInterface({ input: npm.stdout as NodeJS.ReadableStream }).on('line', (line) => said.push(line));
      const childPid = Number(await waitFor(() => said[0], { what: 'the child' }));
      started.push(childPid);
      npm.kill(signal);
      await waitFor(() => isGone(childPid), { what: 'the child to end', timeout: 3_000 });
    },
  );
});
