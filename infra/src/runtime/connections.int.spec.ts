import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forgetHome } from '../embedded/forget-home.js';
import { type Stack, startStack } from '../embedded/stack.js';
import { waitFor } from '../testing/wait-for.js';
import { connectNats, UnsuitableNats } from './connect-nats.js';
import { connectPostgres, waitForPostgres } from './connect-postgres.js';
import { connectRedis } from './connect-redis.js';

const log = pino({ level: 'silent' });
let home = '';
let stack: Stack;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'parley-test-connect-'));
  stack = await startStack({ home, syncAlways: false, useEnvironment: false });
});

afterAll(async () => {
  await stack.stop();
  await forgetHome(home);
});

describe('a connection to NATS', () => {
  it('comes back when the server does', async () => {
    const nats = await connectNats(stack.nats, 'test');
    await stack.stopServer('nats');
    await stack.startServer('nats');
    await waitFor(() => nats.flush().then(() => true), { what: 'the connection' });
    await nats.close();
  });

  it('waits for a server that is not there yet', async () => {
    await stack.stopServer('nats');
    const connecting = connectNats(stack.nats, 'test');
    await stack.startServer('nats');
    await (await connecting).close();
  });

  it('is not deaf after a callback has thrown, which is told as an uncaught exception', async () => {
    const nats = await connectNats(stack.nats, 'test');
    const [mends, uncaught] = [process.rawListeners('uncaughtException'), Promise.withResolvers<Error>()];
    process.removeAllListeners('uncaughtException').once('uncaughtException', uncaught.resolve);
    try {
      const heard: string[] = [];
      nats.subscribe('word', {
        callback(_, message) {
          heard.push(message.string());
          if (heard.length === 1) throw new Error('not understood');
        },
      });
      nats.publish('word', 'one');
      expect(await uncaught.promise).toMatchObject({ message: 'not understood' });
      nats.publish('word', 'two');
      await waitFor(() => heard.length === 2, { what: 'the second word' });
    } finally {
      for (const each of mends) process.on('uncaughtException', each as NodeJS.UncaughtExceptionListener);
      await nats.close();
    }
  });

  it.each([
    ['2.9.10', true, /is version 2\.9\.10; Parley needs 2\.12 or newer/],
    ['2.11.99', true, /is version 2\.11\.99; Parley needs 2\.12 or newer/],
    ['2.12.0', false, /keeps no streams: enable JetStream/],
  ])('is refused when the server says it is %s with streams: %s', async (version, jetstream, sentence) => {
    const old = await greetAs({ version, jetstream });
    await expect(connectNats(old.url, 'test')).rejects.toThrow(sentence);
    await expect(connectNats(old.url, 'test')).rejects.toThrow(UnsuitableNats);
    old.close();
  });
});

describe('a pool of Postgres', () => {
  it('outlives the server, and works again when that is back', async () => {
    const pool = connectPostgres(stack.database, { name: 'test', log });
    await pool.query('select 1');
    await stack.stopServer('postgres');
    await expect(pool.query('select 1')).rejects.toThrow();
    const waiting = waitForPostgres(pool, log);
    await stack.startServer('postgres');
    await waiting;
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await pool.end();
  });

  it('stops waiting when it is told to', async () => {
    const pool = connectPostgres('postgres://nobody@127.0.0.1:1/none', { name: 'test', log });
    await expect(waitForPostgres(pool, log, AbortSignal.timeout(100))).rejects.toThrow();
    await pool.end();
  });

  it('ends a statement that takes too long', async () => {
    const pool = connectPostgres(stack.database, { name: 'test', log, statementTimeoutMs: 50 });
    await expect(pool.query('select pg_sleep(5)')).rejects.toThrow('statement timeout');
    await pool.end();
  });
});

describe('a connection to Redis', () => {
  it('fails fast while the server is away, and works again when that is back', async () => {
    const redis = await connectRedis(stack.redis, { name: 'test', log });
    expect(await redis.ping()).toBe('PONG');
    await stack.stopServer('redis');
    await waitFor(() => redis.status !== 'ready', { what: 'the loss' });
    const began = Date.now();
    await expect(redis.get('x')).rejects.toThrow();
    expect(Date.now() - began).toBeLessThan(600);
    await stack.startServer('redis');
    await waitFor(() => redis.ping(), { what: 'the connection' });
    redis.disconnect();
  });

  it('is given out also when there is no server', async () => {
    const redis = await connectRedis('redis://127.0.0.1:1/0', { name: 'test', log });
    await expect(redis.get('x')).rejects.toThrow();
    redis.disconnect();
  });
});

/** Speaks as much of the protocol as a server needs for being asked its version. */
const greetAs = async (info: object): Promise<{ url: string; close(): void }> => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write(`INFO ${JSON.stringify({ server_id: 'x', max_payload: 1024, ...info })}\r\n`);
    socket.on('data', (chunk) => {
      if (chunk.toString().includes('PING')) socket.write('PONG\r\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return { url: `nats://127.0.0.1:${port}`, close: () => server.close() };
};
