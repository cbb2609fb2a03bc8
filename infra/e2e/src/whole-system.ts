import type { ParleyClient } from '@parley/client/parley-client';
import { type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { afterAll, afterEach, beforeAll } from 'vitest';

/** What the tests of a file talk to; there from its first test on. */
export type WholeSystem = {
  readonly environment: TestEnvironment;
  readonly system: SystemProcesses;
  /** Closes a client when the test ends. */
  keep(client: ParleyClient): void;
};

/** Servers of their own and the services on them, for all tests of a file. `settings` are variables of every service. */
export function wholeSystem(settings: Readonly<Record<string, string>> = {}): WholeSystem {
  let environment: TestEnvironment;
  let system: SystemProcesses;
  const clients: ParleyClient[] = [];

  beforeAll(async () => {
    environment = await testEnvironment();
    system = await startSystem(environment, [], undefined, settings);
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });
  afterAll(async () => {
    await system?.stop();
    await environment?.dispose();
  });

  return {
    get environment() {
      return environment;
    },
    get system() {
      return system;
    },
    keep: (client) => void clients.push(client),
  };
}
