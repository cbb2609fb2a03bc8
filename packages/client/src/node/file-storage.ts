import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Storage, StorageFactory, StoredEntry } from '../storage/storage.js';

/**
 * Keeps what is not sent and the list in a file per user in `directory`: lines that are added to, and blanked in their place once
 * they no longer count, so that the file holds no message that was sent, deleted or has ended. What resolved survives the end of
 * the process, however it ends; not that of the machine, since nothing waits for the disk.
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

type Place = { readonly at: number; readonly length: number };

const BLANK = ' ';

/** Bytes added, beyond which a file is written anew; so it is when it is opened. */
const MAX_WASTE = 2_000_000;

async function openFile(path: string, unlock: () => Promise<void>): Promise<Storage> {
  const entries = new Map<number, unknown>();
  const values = new Map<string, unknown>();
  let lastId = 0;
  /** Where lines that count are in the file, and where it ends, in bytes. */
  const places = new Map<string, Place>();
  let end = 0;
  /** Bytes added since the file was written anew. */
  let waste = 0;
  let file: FileHandle;
  let queue: Promise<void> = Promise.resolve();
  let waiting: Line[] = [];

  function take(line: Line): void {
    if ('gone' in line) {
      entries.delete(line.gone);
      lastId = Math.max(lastId, line.gone);
    } else if ('last' in line) lastId = Math.max(lastId, line.last);
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
    const fresh = `${path}.new`;
    const handle = await open(fresh, 'w', 0o600);
    places.clear();
    end = 0;
    const { bytes } = placed(all);
    await writeAt(handle, bytes, 0);
    await handle.datasync();
    await rename(fresh, path);
    end = bytes.length;
    return handle;
  }

  /** Lines as they follow the end of the file, and the places of those that no longer count because of them. */
  function placed(lines: readonly Line[]): { readonly bytes: Buffer; readonly dead: readonly Place[] } {
    const dead: Place[] = [];
    const parts: Buffer[] = [];
    let at = end;
    for (const line of lines) {
      const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
      const about = subjectOf(line);
      const before = places.get(about);
      if (before !== undefined) dead.push(before);
      if ('gone' in line) places.delete(about);
      else places.set(about, { at, length: bytes.length - 1 });
      parts.push(bytes);
      at += bytes.length;
    }
    return { bytes: Buffer.concat(parts), dead };
  }

  /** Lines of one turn go in one write, in their order. */
  function write(line: Line): Promise<void> {
    take(line);
    waiting.push(line);
    if (waiting.length === 1) queue = queue.then(flush);
    return queue;
  }

  async function flush(): Promise<void> {
    const { bytes, dead } = placed(waiting);
    waiting = [];
    await writeAt(file, bytes, end);
    end += bytes.length;
    waste += bytes.length;
    // Only now: until here the older line is all there is.
    for (const { at, length } of dead) await writeAt(file, Buffer.alloc(length, BLANK), at);
    if (waste < MAX_WASTE) return;
    const old = file;
    file = await rewrite();
    await old.close();
    waste = 0;
  }

  return {
    // One that was replaced before the file was read comes later in it than its id.
    entries: async () =>
      [...entries].map(([id, value]): StoredEntry => ({ id, value })).sort((a, b) => a.id - b.id),
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
      places.clear();
      await file.truncate(0);
      end = 0;
    },
    async close() {
      await queue.catch(() => undefined);
      await file.close();
      await unlock();
    },
  };
}

/** What a line is about: of two about the same, the later one counts. */
function subjectOf(line: Line): string {
  if ('gone' in line) return `entry ${line.gone}`;
  if ('last' in line) return 'last';
  return 'name' in line ? `value ${line.name}` : `entry ${line.id}`;
}

async function writeAt(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; )
    done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
}

/**
 * The last line may be torn: the process that wrote it died before anybody was told that it is stored. One that was being blanked
 * begins with a blank.
 */
function lines(text: string): readonly Line[] {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return whole.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Line);
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
