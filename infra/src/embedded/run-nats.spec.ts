import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { greetNats, natsConfig } from './run-nats.js';

/** Greets a server that says this of itself. */
async function greeted(password: string, said: string): Promise<unknown> {
  const server = createServer((socket) => socket.end(`INFO ${said}\r\n`)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    return await greetNats({ password }, { host: '127.0.0.1', port });
  } finally {
    server.close();
  }
}

const plan = { home: '/home', port: 1, password: 'ours', syncAlways: true, testAccounts: 0 };
const [, ours = ''] = /server_name: "(.*)"/.exec(natsConfig(plan, '/data')) ?? [];

it('takes a server by its name alone for the one that was started', async () => {
  const info = { server_name: ours, version: '2.14.0', jetstream: true };
  expect(await greeted('ours', JSON.stringify(info))).toEqual(info);
  await expect(greeted('theirs', JSON.stringify(info))).rejects.toThrow(/another NATS server/);
});
