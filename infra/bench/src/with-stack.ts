import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Stack, startStack } from '@parley/infra/embedded/stack';

/** Runs a measurement on private servers of its own, with the log synced to disk or not. */
export async function withStack<A>(
  syncAlways: boolean,
  run: (stack: Stack, home: string) => Promise<A>,
): Promise<A> {
  const home = await mkdtemp(join(tmpdir(), 'parley-bench-'));
  const stack = await startStack({ home, syncAlways });
  try {
    return await run(stack, home);
  } finally {
    await stack.stop();
    await rm(home, { recursive: true, force: true });
  }
}
