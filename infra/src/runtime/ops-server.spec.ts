import { afterAll, beforeAll, expect, it } from 'vitest';
import { createMetrics } from './metrics.js';
import { type OpsServer, startOpsServer } from './ops-server.js';

let server: OpsServer;
let postgresIsThere = true;

beforeAll(async () => {
  server = await startOpsServer({
    host: '127.0.0.1',
    port: 0,
    metrics: createMetrics('example'),
    checks: [
      { name: 'nats', isReady: () => true },
      { name: 'postgres', isReady: async () => postgresIsThere },
      {
        name: 'redis',
        isReady: () => {
          if (!postgresIsThere) throw new Error('away');
          return true;
        },
      },
    ],
  });
});

afterAll(() => server.close());

const get = async (path: string) => {
  const response = await fetch(server.url + path);
  return { status: response.status, body: await response.text() };
};

it('is healthy as long as it runs', async () => {
  expect(await get('/health')).toEqual({ status: 200, body: '{"status":"ok"}' });
});

it('is ready when everything it needs is there, and names what is not', async () => {
  postgresIsThere = true;
  expect(await get('/ready')).toEqual({ status: 200, body: '{"ready":true,"notReady":[]}' });
  postgresIsThere = false;
  expect(await get('/ready')).toEqual({
    status: 503,
    body: '{"ready":false,"notReady":["postgres","redis"]}',
  });
});

it('tells its figures to Prometheus', async () => {
  const { status, body } = await get('/metrics');
  expect(status).toBe(200);
  expect(body).toMatch(/process_resident_memory_bytes\{service="example"\} \d+/);
});

it('has nothing else', async () => {
  expect((await get('/')).status).toBe(404);
});
