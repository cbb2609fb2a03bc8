import { type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../exit-codes.js';
import { runCli } from '../testing/run-cli.js';

let environment: TestEnvironment;
let system: SystemProcesses;
beforeAll(async () => {
  environment = await testEnvironment();
  system = await startSystem(environment);
});
afterAll(async () => {
  await system?.stop();
  await environment?.dispose();
});

const as = async (user: string, device = 'laptop') => ({
  PARLEY_URL: system.ws,
  PARLEY_TOKEN: await system.token(user, undefined, '1h', device),
});

async function register(user: string, device: string, name: string): Promise<void> {
  const { status } = await fetch(`${system.api}/v1/devices`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await system.token(user, undefined, '1h', device)}`,
      'content-type': 'application/json',
      'idempotency-key': `register-${device}`,
    },
    body: JSON.stringify({ keys: 'KEYS', name }),
  });
  expect(status).toBe(200);
}

describe('devices', () => {
  it('lists what is registered and what was revoked, and marks the one that asks', async () => {
    await register('ann', 'phone', 'Phone');
    await register('ann', 'laptop', 'Laptop');
    const revoked = await runCli(['devices', 'revoke', 'phone'], await as('ann'));
    expect(revoked).toMatchObject({ code: 0, err: '' });
    expect(revoked.out).toMatch(/^phone is revoked since \d{4}-\d\d-\d\d \d\d:\d\d UTC\n$/);
    const { code, out } = await runCli(['devices', 'list'], await as('ann'));
    expect(code).toBe(0);
    expect(out).toMatch(
      /^laptop {2}registered \S+ \S+ UTC {2}Laptop {2}\(this one\)\nphone {3}revoked .* Phone\n$/,
    );
  });

  it('prints JSON when asked to', async () => {
    const env = await as('bob');
    expect((await runCli(['devices', 'list'], env)).out).toBe(
      'no device is registered, and none was revoked\n',
    );
    const revoked = await runCli(['devices', 'revoke', 'lost', '--json'], env);
    expect(JSON.parse(revoked.out)).toEqual({ device: 'lost', at: expect.any(Number) });
    const listed = await runCli(['devices', 'list', '--json'], env);
    expect(JSON.parse(listed.out)).toEqual({
      devices: [{ device: 'lost', isMine: false, revokedAt: JSON.parse(revoked.out).at }],
    });
  });

  it('says that its own device was revoked, and that this is not allowed', async () => {
    await runCli(['devices', 'revoke', 'phone'], await as('cem'));
    const { code, err } = await runCli(['devices', 'list'], await as('cem', 'phone'));
    expect(code).toBe(exitCodes.notAllowed);
    expect(err).toContain('This device was revoked; sign in as a new device.');
  });

  it('refuses what cannot be a device, before it connects', async () => {
    const { code, err } = await runCli(['devices', 'revoke', 'my phone'], { PARLEY_URL: 'ws://127.0.0.1:9' });
    expect(code).toBe(exitCodes.usage);
    expect(err).toContain('1 to 64');
  });
});
