import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { TEST_MASTER_KEYS } from '@parley/infra/testing/master-key';
import type { ServiceName } from '@parley/infra/testing/service-process';
import { type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let environment: TestEnvironment;
let system: SystemProcesses;
const secret = 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA';

beforeAll(async () => {
  environment = await testEnvironment();
  // Makes the log, with four partitions.
  system = await startSystem(environment, ['command-api', 'gateway']);
});
afterAll(async () => {
  await system?.stop();
  await environment?.dispose();
});

const services = ['command-api', 'projector', 'gateway'] as const satisfies readonly ServiceName[];

/** Starts a service that is to end by itself; what it said, and its exit code. */
async function endOf(name: ServiceName, env: Readonly<Record<string, string>>) {
  const { natsUrl, databaseUrl, redisUrl } = environment;
  const child: ChildProcess = fork(
    fileURLToPath(new URL(`../../../packages/${name}/dist/main.js`, import.meta.url)),
    {
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        NATS_URL: natsUrl,
        DATABASE_URL: databaseUrl,
        REDIS_URL: redisUrl,
        PARLEY_PARTITIONS: '4',
        PARLEY_TOKEN_SECRET: secret,
        PARLEY_BAN_KEY: secret,
        PARLEY_MASTER_KEYS: TEST_MASTER_KEYS,
        PARLEY_LOG_LEVEL: 'fatal',
        ...env,
      },
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    },
  );
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  const ready = once(child, 'message').then(() => child.kill('SIGKILL'));
  const [code] = await Promise.race([once(child, 'close'), ready.then(() => ['it became ready'])]);
  return { code: code as number | string, said };
}

describe.each(services)('%s', (name) => {
  it('does not start with another number of partitions than the log has, and says both', async () => {
    const { code, said } = await endOf(name, { PARLEY_PARTITIONS: '8' });
    expect(code).toBe(1);
    expect(said).toContain(
      'The log has 4 partitions, this process is configured for 8. Set PARLEY_PARTITIONS=4',
    );
  });

  it('does not start with a variable nobody reads, and names the one that was meant', async () => {
    const { code, said } = await endOf(name, { PARLEY_PARTITION: '4' });
    expect(code).toBe(78);
    expect(said).toBe('PARLEY_PARTITION is not a variable of Parley: did you mean PARLEY_PARTITIONS?\n');
  });

  it('does not start without the keys of the vault', async () => {
    const { code, said } = await endOf(name, { PARLEY_MASTER_KEYS: '' });
    expect(code).toBe(78);
    expect(said).toMatch(/^PARLEY_MASTER_KEYS is not set: set it to one or more of at least 32 bytes/);
  });

  it('does not start with another master key than the vault is in use with, and names both', async () => {
    const { code, said } = await endOf(name, { PARLEY_MASTER_KEYS: secret });
    expect(code).toBe(1);
    expect(said).toMatch(
      /The vault is in use with the master key [0-9a-f]{16}, and PARLEY_MASTER_KEYS has only [0-9a-f]{16}: add the key/,
    );
  });

  it('does not start with values that do not fit, and names each but shows no secret', async () => {
    const { code, said } = await endOf(name, {
      PARLEY_PARTITIONS: 'many',
      PARLEY_HTTP_PORT: '70000',
      PARLEY_TOKEN_SECRET: 'tooshort',
      PARLEY_MASTER_KEYS: `${TEST_MASTER_KEYS},dG9vc2hvcnQ`,
      NATS_URL: 'http://parley:passw0rd@127.0.0.1',
    });
    expect(code).toBe(78);
    for (const variable of ['PARLEY_PARTITIONS is "many"', 'PARLEY_HTTP_PORT is "70000"'])
      expect(said).toContain(variable);
    for (const variable of ['PARLEY_TOKEN_SECRET', 'NATS_URL'])
      expect(said).toContain(`${variable} is not usable: expected`);
    expect(said).toContain('number 2 of 2 has 8 bytes instead of at least 32');
    expect(said).not.toMatch(/tooshort|dG9vc2hvcnQ|passw0rd/);
  });
});
