import { mkdtemp, readdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { forgetHome } from '../embedded/forget-home.js';
import { homeLockPath } from '../embedded/leash.js';
import { lockHolder } from '../embedded/pid-lock.js';
import { isAlive } from '../embedded/process-identity.js';
import { type Stack, startStack } from '../embedded/stack.js';

/** How many environments one run can hand out: each has its own NATS account and Redis database. */
const environments = 256;

const homePrefix = 'parley-test-';

declare module 'vitest' {
  interface ProvidedContext {
    parleyStack: {
      readonly nats: string;
      readonly database: string;
      readonly redis: string;
      readonly environments: number;
      /** Directory whose entries are the environments that were handed out. */
      readonly claims: string;
    };
  }
}

type Running = { readonly stack: Stack; readonly home: string; users: number };

/** One private stack for the whole run, whichever projects take part in it. */
const shared = globalThis as { parleyTestStack?: Promise<Running> };

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.parleyTestStack ??= startTestStack();
  const running = await shared.parleyTestStack;
  running.users++;
  const { nats, database, redis } = running.stack;
  project.provide('parleyStack', {
    nats,
    database,
    redis,
    environments,
    claims: join(running.home, 'claims'),
  });
  return async () => {
    running.users--;
    if (running.users > 0) return;
    delete shared.parleyTestStack;
    await running.stack.stop();
    await forgetHome(running.home);
  };
}

const startTestStack = async (): Promise<Running> => {
  stopWithParent();
  await sweep();
  const home = await mkdtemp(join(tmpdir(), homePrefix));
  try {
    const stack = await startStack({
      home,
      syncAlways: false,
      testAccounts: environments,
      useEnvironment: false,
      report: (line) => process.stderr.write(`  ${line}\n`),
    });
    return { stack, home, users: 0 };
  } catch (error) {
    await forgetHome(home);
    throw error;
  }
};

/** vitest does not notice that the process which started it was killed. */
const stopWithParent = (): void => {
  if (!process.connected) return;
  process.once('disconnect', () => process.exit(1));
  process.channel?.unref();
};

/** A run that was killed could not remove its home; its servers are stopped, so the next run can. */
const sweep = async (): Promise<void> => {
  for (const name of await readdir(tmpdir())) {
    const home = join(tmpdir(), name);
    if (name.startsWith(homePrefix) && (await isAbandoned(home)))
      await forgetHome(home).catch(() => undefined);
  }
};

/** A home that no stack has locked, nor let go of for a while: others that run beside this stop theirs and start them again. */
const isAbandoned = async (home: string): Promise<boolean> => {
  const holder = await lockHolder(homeLockPath(home));
  if (holder && (await isAlive(holder))) return false;
  const changed = await stat(home).catch(() => undefined);
  return changed !== undefined && Date.now() - changed.mtimeMs > ABANDONED_MS;
};

const ABANDONED_MS = 600_000;
