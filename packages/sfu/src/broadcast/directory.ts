import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, processIdentity } from '@parley/infra/embedded/process-identity';
import type { Log } from '@parley/infra/runtime/log';

const PREFIX = 'parley-broadcast-';

/** A place for the files of one broadcast, for nobody else on this machine; named after this process, so that others know whose it is. @throws Error when there is none */
export async function makeDirectory(): Promise<string> {
  const { pid, startedAt } = await processIdentity(process.pid);
  return mkdtemp(join(tmpdir(), `${PREFIX}${pid}-${startedAt}-`));
}

/** Removes what nodes of this machine have left that were killed: the last seconds of what they broadcast. Never rejects. */
export async function removeLeftBroadcasts(log: Log): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => []);
  for (const name of names) {
    try {
      if (await isLeft(name)) await rm(join(tmpdir(), name), { recursive: true, force: true });
    } catch (error) {
      log.warn({ err: error, name }, 'files of a broadcast of before could not be removed');
    }
  }
}

async function isLeft(name: string): Promise<boolean> {
  const [, pid, startedAt = ''] = NAMED.exec(name) ?? [];
  return pid !== undefined && !(await isAlive({ pid: Number(pid), startedAt }));
}

const NAMED = new RegExp(`^${PREFIX}(\\d+)-(\\d*)-`);
