import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Directory of the embedded stack: data, logs, passwords. The secrets in it can be read by its owner alone. */
export const openHome = async (home: string): Promise<void> => {
  await mkdir(join(home, 'logs'), { recursive: true, mode: 0o700 });
  if (process.getuid?.() !== 0) return;
  // As root, Postgres runs as another user, who has to pass through here to its own directory.
  const { mode } = await stat(home);
  await chmod(home, (mode & 0o7777) | 0o011);
};

/** What the stack remembers from one start to the next. Ports are a wish: a port that is taken is replaced. */
export type StackMemory = {
  readonly passwords: { readonly nats: string; readonly postgres: string; readonly redis: string };
  readonly ports: Readonly<Partial<Record<'nats' | 'postgres' | 'redis', number>>>;
};

export const recall = async (home: string): Promise<StackMemory> => {
  const text = await readFile(memoryPath(home), 'utf8').catch(() => undefined);
  if (text !== undefined) return JSON.parse(text) as StackMemory;
  const fresh: StackMemory = {
    passwords: { nats: password(), postgres: password(), redis: password() },
    ports: {},
  };
  await remember(home, fresh);
  return fresh;
};

export const remember = async (home: string, memory: StackMemory): Promise<void> => {
  const draft = `${memoryPath(home)}.new`;
  await writeFile(draft, `${JSON.stringify(memory, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, memoryPath(home));
};

const memoryPath = (home: string): string => join(home, 'stack.json');

const password = (): string => randomBytes(18).toString('base64url');
