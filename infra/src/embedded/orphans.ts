import { readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { notesPath, stopGraceMs } from './leash.js';
import type { NotedServer } from './leash-process.js';
import { isAlive } from './process-identity.js';
import type { Report } from './server-source.js';

/**
 * Stops servers of this home whose leash was killed. Called with the home locked, so that whatever still runs on it is
 * nobody's. Only a process that is surely the noted one is touched.
 */
export const stopOrphans = async (home: string, report: Report): Promise<void> => {
  const text = await readFile(notesPath(home), 'utf8').catch(() => '[]');
  await Promise.all(parseNotes(text).map((server) => stopOrphan(server, report)));
  await rm(notesPath(home), { force: true });
};

const stopOrphan = async (server: NotedServer, report: Report): Promise<void> => {
  if (server.startedAt === '' || !(await isAlive(server))) return;
  report(`stopping process ${server.pid}, which an earlier stack left behind`);
  process.kill(server.pid, server.stopSignal);
  const patience = Date.now() + stopGraceMs;
  while (await isAlive(server)) {
    if (Date.now() > patience) process.kill(server.pid, 'SIGKILL');
    await sleep(50);
  }
};

/** The leash may have been killed while it wrote. */
const parseNotes = (text: string): readonly NotedServer[] => {
  try {
    return JSON.parse(text) as readonly NotedServer[];
  } catch {
    return [];
  }
};
