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

/** The parent, and the parent's parent where the parent is only the shell in which npm runs its scripts. */
const lineage = () => {
  try {
    const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8');
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    if (/^(sh|dash|bash)$/.test(name)) {
      return `${process.ppid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]}`;
    }
  } catch {
    // No /proc, or no parent any more.
  }
  return `${process.ppid}`;
};

export const runCli = (args) => runChild(inRoot('packages', 'cli', 'dist', 'main.js'), args);
