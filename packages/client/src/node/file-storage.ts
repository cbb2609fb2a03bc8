import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Storage, StorageFactory, StoredEntry } from '../storage/storage.js';

/**
 * Keeps what is not sent and the list in a file per user in `directory`: lines that are only ever added to. What resolved
 * survives the end of the process, however it ends; not that of the machine, since nothing waits for the disk.
 *
 * @throws FileInUse when another process holds the user's file
 */
export const fileStorage =
  (directory: string): StorageFactory =>
  async (user) => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const path = join(directory, `${user}.ndjson`);
    const unlock = await lock(`${path}.lock`);
    try {
      return await openFile(path, unlock);
    } catch (error) {
      await unlock();
      throw error;
    }
  };

export class FileInUse extends Error {
  override readonly name = 'FileInUse';
}

type Line =
  | { readonly id: number; readonly value: unknown }
  | { readonly gone: number }
  | { readonly name: string; readonly is: unknown }
  /** The largest id there was, where the file was written anew. */
  | { readonly last: number };

/** Characters of lines that no longer count, beyond which a file is written anew when it is opened or grows. */
const MAX_WASTE = 1_000_000;

async function openFile(path: string, unlock: () => Promise<void>): Promise<Storage> {
  const entries = new Map<number, unknown>();
  const values = new Map<string, unknown>();
  let lastId = 0;
  let written = 0;
  let file: FileHandle;
  let queue: Promise<void> = Promise.resolve();
  let waiting: string[] = [];

  function take(line: Line): void {
    if ('gone' in line) entries.delete(line.gone);
    else if ('last' in line) lastId = Math.max(lastId, line.last);
    else if ('name' in line) values.set(line.name, line.is);
    else {
      entries.set(line.id, line.value);
      lastId = Math.max(lastId, line.id);
    }
  }

  for (const line of lines(await readFile(path, 'utf8').catch(noFile))) take(line);
  file = await rewrite();

  /** Everything that counts, in a new file that takes the old one's place at once. */
  async function rewrite(): Promise<FileHandle> {
    const all: Line[] = [
      { last: lastId },
      ...[...values].map(([name, is]) => ({ name, is })),
      ...[...entries].map(([id, value]) => ({ id, value })),
    ];
    const text = all.map(textOf).join('');
    const fresh = `${path}.new`;
    const handle = await open(fresh, 'w', 0o600);
    await handle.appendFile(text);
    await handle.datasync();
    await rename(fresh, path);
    written = text.length;
    return handle;
  }

  /** Lines of one turn go in one write, in their order. */
  function write(line: Line): Promise<void> {
    take(line);
    waiting.push(textOf(line));
    if (waiting.length === 1) queue = queue.then(flush);
    return queue;
  }

  async function flush(): Promise<void> {
    const text = waiting.join('');
    waiting = [];
    await file.appendFile(text);
    written += text.length;
    if (written < 2 * MAX_WASTE) return;
    const old = file;
    file = await rewrite();
    await old.close();
    // A file that is large because it holds much is not written anew with every line.
    written = Math.min(written, MAX_WASTE);
  }

  return {
    entries: async () => [...entries].map(([id, value]): StoredEntry => ({ id, value })),
    async append(value) {
      const id = ++lastId;
      await write({ id, value });
      return id;
    },
    async replace(id, value) {
      if (entries.has(id)) await write({ id, value });
    },
    remove: (id) => write({ gone: id }),
    get: async (name) => values.get(name),
    set: (name, is) => write({ name, is }),
    async clear() {
      await queue;
      entries.clear();
      values.clear();
      await file.truncate(0);
    },
    async close() {
      await queue.catch(() => undefined);
      await file.close();
      await unlock();
    },
  };
}

const textOf = (line: Line): string => `${JSON.stringify(line)}\n`;

/** The last line may be torn: the process that wrote it died before anybody was told that it is stored. */
function lines(text: string): readonly Line[] {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return whole.filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
}

function noFile(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return '';
  throw error;
}

/** A lock is a file with the pid of who holds it; that of a process that is gone is taken over. */
async function lock(path: string): Promise<() => Promise<void>> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = await open(path, 'wx', 0o600);
      await handle.writeFile(String(process.pid));
      await handle.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const holder = Number(await readFile(path, 'utf8').catch(() => ''));
      if (holder > 0 && isAlive(holder)) throw new FileInUse(`process ${holder} holds ${path}`);
      await rm(path, { force: true });
    }
  }
  throw new FileInUse(`somebody else has just taken ${path}`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
