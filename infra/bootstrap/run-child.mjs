import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname } from 'node:path';
import { nodeBinary } from './node-binary.mjs';
import { fail, inRoot } from './workspace.mjs';

/**
 * Runs a script of the workspace on its own Node and ends as it ends. The child never outlives this process: signals are
 * passed on, and a child that listens to its IPC channel learns of a death that could not be.
 */
export const runChild = (script, args, { cwd = process.cwd() } = {}) => {
  const node = nodeBinary();
  const child = spawn(node, [script, ...args], {
    cwd,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` },
  });
  child.once('error', (error) => fail(`${node} does not start: ${error.message}`));
  child.once('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code));
  passOnSignals(child);
  stopWhenOrphaned(child);
};

const passOnSignals = (child) => {
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGQUIT']) process.on(signal, () => child.kill(signal));
  process.on('SIGINT', () => {
    // A terminal sends Ctrl-C to the child too, and twice would mean "at once". Hanging up says the same, once.
    if (!process.stdin.isTTY) child.kill('SIGINT');
    else if (child.connected) child.disconnect();
  });
};

/** npm that is killed tells nobody. Outside npm, a parent that goes away is none of our business (nohup). */
const stopWhenOrphaned = (child) => {
  if (!process.env.npm_lifecycle_event) return;
  const born = lineage();
  const watch = setInterval(() => {
    if (lineage() === born) return;
    clearInterval(watch);
    child.kill('SIGTERM');
  }, 300);
  watch.unref();
};

/**
 * The pids from the parent up to npm. Shells may lie between: npm's own, and that of the link by which npm finds the
 * Node of node_modules. A shell keeps SIGINT to itself and may die alone, when npm is told to stop; that is why the root's
 * scripts say `exec` and name npm's own Node.
 */
const lineage = () => {
  const pids = [process.ppid];
  while (pids.length < 8 && isShell(pids.at(-1))) pids.push(parentOf(pids.at(-1)));
  return pids.join(' ');
};

const isShell = (pid) => /(^|\/)(sh|dash|bash|zsh|ash)$/.test(readProc(pid, 'cmdline').split('\0')[0]);

const parentOf = (pid) => {
  const stat = readProc(pid, 'stat');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
};

/** Empty where there is no /proc, or no such process any more. */
const readProc = (pid, name) => {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
};

export const runCli = (args) => runChild(inRoot('packages', 'cli', 'dist', 'main.js'), args);
