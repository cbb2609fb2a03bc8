import { randomUUID } from 'node:crypto';
import { connect } from '@parley/client/parley-client';
import { closeCodes } from '@parley/domain/wire/close-codes';
import { connectClient, type ForeignClient } from '@parley/infra/testing/foreign-client';
import { type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, beforeAll, expect, it } from 'vitest';

let environment: TestEnvironment;
let system: SystemProcesses;
/** Another gateway, and another command-api, than those the system starts with. */
let otherGateway: string;
let otherApi: string;
const sockets: ForeignClient[] = [];

beforeAll(async () => {
  environment = await testEnvironment();
  system = await startSystem(environment);
  otherGateway = (await system.add('gateway')).info.ws as string;
  otherApi = (await system.add('command-api')).info.url as string;
});
afterAll(async () => {
  for (const socket of sockets) socket.end();
  await system?.stop();
  await environment?.dispose();
});

const tokenOf = (user: string, device: string) => system.token(user, undefined, '1h', device);

async function present(url: string, user: string, device: string) {
  const socket = await connectClient(url);
  sockets.push(socket);
  const answer = await socket.request('session.open', { token: await tokenOf(user, device), device });
  return { socket, answer };
}

async function open(url: string, user: string, device: string): Promise<ForeignClient> {
  const { socket, answer } = await present(url, user, device);
  expect(answer.result).toMatchObject({ user, device });
  return socket;
}

const listDevices = async (api: string, user: string, device: string): Promise<number> =>
  (await fetch(`${api}/v1/devices`, { headers: { authorization: `Bearer ${await tokenOf(user, device)}` } }))
    .status;

it('ends a lost phone everywhere, by the word of another device, for good', async () => {
  const phone = await open(otherGateway, 'ann', 'phone');
  const laptop = await open(system.ws, 'ann', 'laptop');
  const tablet = await open(otherGateway, 'ann', 'tablet');
  const keys = { keys: 'PUBLIC KEYS', name: "Ann's phone" };
  expect((await phone.request('device.register', { commandId: randomUUID(), ...keys })).result).toMatchObject(
    {
      device: 'phone',
    },
  );

  const revoke = { commandId: randomUUID(), device: 'phone' };
  expect((await laptop.request('device.revoke', revoke)).result).toMatchObject({ device: 'phone' });

  expect((await phone.closed()).code).toBe(closeCodes.DeviceRevoked.code);
  for (const url of [system.ws, otherGateway]) {
    const { socket, answer } = await present(url, 'ann', 'phone');
    expect(answer.error?.data.tag).toBe('DeviceRevoked');
    expect((await socket.closed()).code).toBe(closeCodes.DeviceRevoked.code);
  }
  for (const api of [system.api, otherApi]) {
    await waitFor(async () => (await listDevices(api, 'ann', 'phone')) === 403, {
      what: 'HTTP to refuse it',
    });
    expect(await listDevices(api, 'ann', 'laptop')).toBe(200);
  }
  for (const device of [laptop, tablet]) {
    expect(device.isClosed).toBe(false);
    expect((await device.request('device.list', {})).result).toMatchObject({
      devices: [{ device: 'phone', name: "Ann's phone", revokedAt: expect.any(Number) }],
    });
  }
});

it('tells an application that its device was revoked, and tries no more', async () => {
  const token = await tokenOf('cem', 'phone');
  const phone = await connect({ url: otherGateway, token, device: 'phone' });
  const laptop = await connect({ url: system.ws, token: await tokenOf('cem', 'laptop'), device: 'laptop' });
  const { device } = await laptop.call('device.revoke', { device: 'phone' });
  expect(device).toBe('phone');
  await waitFor(() => phone.state.tag === 'stopped', { what: 'the phone to stop' });
  await expect(phone.call('device.list', {})).rejects.toMatchObject({ tag: 'DeviceRevoked' });
  await expect(connect({ url: otherGateway, token, device: 'phone' })).rejects.toMatchObject({
    tag: 'DeviceRevoked',
  });
  expect((await laptop.call('device.list', {})).devices).toHaveLength(1);
  phone.close();
  laptop.close();
});

it('gives the keys of a full set of devices through the socket', async () => {
  const devices = Array.from({ length: 32 }, (_, n) => `d${String(n).padStart(2, '0')}`);
  for (const device of devices) {
    const response = await fetch(`${system.api}/v1/devices`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await tokenOf('bob', device)}`,
        'content-type': 'application/json',
        'idempotency-key': device,
      },
      body: JSON.stringify({ keys: '"'.repeat(8_192) }),
    });
    expect(response.status).toBe(200);
  }
  const bob = await open(system.ws, 'bob', 'd00');
  const conversationId = randomUUID();
  await bob.request('conversation.create', {
    conversationId,
    commandId: randomUUID(),
    kind: 'group',
    members: ['ann'],
  });
  const { result } = await bob.request('device.keys', { conversationId, after: 'ann' });
  expect(result).toMatchObject({
    members: [{ user: 'bob', devices: devices.map((device) => ({ device })) }],
  });
  expect((await bob.request('device.list', {})).result?.devices).toHaveLength(32);
});
