import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { forgetHome } from '../embedded/forget-home.js';
import { type Stack, startStack } from '../embedded/stack.js';

/** How many environments one run can hand out: each has its own NATS account and Redis database. */
const environments = 256;

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
  const home = await mkdtemp(join(tmpdir(), 'parley-test-'));
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
    await rm(home, { recursive: true, force: true });
    throw error;
  }
};
