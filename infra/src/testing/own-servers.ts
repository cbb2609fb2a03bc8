import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forgetHome } from '../embedded/forget-home.js';
import { startStack } from '../embedded/stack.js';
import type { TestEnvironment } from './test-environment.js';

/**
 * Servers of one file's own, where it searches every byte of theirs: those of the run hold what all the other files left there, gigabytes of it at
 * the end. Two seconds to start.
 */
export async function ownServers(): Promise<TestEnvironment> {
  const home = await mkdtemp(join(tmpdir(), 'parley-test-'));
  const stack = await startStack({ home, syncAlways: false, useEnvironment: false });
  return {
    natsUrl: stack.nats,
    databaseUrl: stack.database,
    redisUrl: stack.redis,
    home,
    async dispose() {
      await stack.stop();
      await forgetHome(home);
    },
  };
}
