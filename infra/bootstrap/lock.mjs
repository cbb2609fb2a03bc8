import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { inRoot, say } from './workspace.mjs';

/** Runs `work` while no other command of this checkout installs or builds. A lock whose process is gone is taken over. */
export const withLock = async (work) => {
  mkdirSync(inRoot('.parley'), { recursive: true, mode: 0o700 });
  const path = inRoot('.parley', 'bootstrap.lock');
  let told = false;
  while (!take(path)) {
    const holder = readHolder(path);
    if (holder && !told) say(`waiting for process ${holder.pid}, which is preparing this checkout`);
    told = true;
    await sleep(200);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
};

/** A hard link makes the taking atomic; who removes a dead lock does so under a lock of its own, having looked again. */
const take = (path) => {
  if (linked(path)) return true;
  const holder = readHolder(path);
  if (!holder || isAlive(holder)) return false;
  const guard = `${path}.takeover`;
  if (!take(guard)) return false;
  if (readHolder(path)?.pid === holder.pid) rmSync(path, { force: true });
  rmSync(guard, { force: true });
  return linked(path);
};

const linked = (path) => {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify({ pid: process.pid, startedAt: startTime(process.pid) }));
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
};

const readHolder = (path) => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
};

const isAlive = ({ pid, startedAt }) => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== 'EPERM') return false;
  }
  return startedAt === startTime(pid);
};

/** Field 22 of /proc/PID/stat tells two processes apart that had the same pid; undefined where there is no /proc. */
const startTime = (pid) => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
};
