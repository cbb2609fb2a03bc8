import { setTimeout as sleep } from 'node:timers/promises';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Redis } from 'ioredis';
import pg from 'pg';
import { expect, it } from 'vitest';
import { connectNats } from '../runtime/connect-nats.js';
import { testEnvironment } from './test-environment.js';

it('hands out environments that do not see each other', async () => {
  const [one, other] = await Promise.all([testEnvironment(), testEnvironment()]);

  const nats = await Promise.all([connectNats(one.natsUrl, 'one'), connectNats(other.natsUrl, 'other')]);
  await (await jetstreamManager(nats[0])).streams.add({ name: 'S', subjects: ['s.>'] });
  await jetstream(nats[0]).publish('s.1', 'mine');
  const streams = await (await jetstreamManager(nats[1])).streams.names().next();
  expect(streams).toEqual([]);

  const [a, b] = [one, other].map(({ databaseUrl }) => new pg.Client(databaseUrl)) as [pg.Client, pg.Client];
  await Promise.all([a.connect(), b.connect()]);
  await a.query('create table mine (id int)');
  await expect(b.query('select * from mine')).rejects.toThrow('does not exist');

  const [r, s] = [one, other].map(({ redisUrl }) => new Redis(redisUrl)) as [Redis, Redis];
  await r.set('mine', '1');
  expect(await s.get('mine')).toBeNull();

  await Promise.all([...nats.map((connection) => connection.close()), a.end(), b.end(), r.quit(), s.quit()]);
  await Promise.all([one.dispose(), other.dispose()]);
});

it('drops no database under a session that is about to end', async () => {
  const { databaseUrl, dispose } = await testEnvironment();
  const client = new pg.Client(databaseUrl);
  const faults: Error[] = [];
  client.on('error', (error) => faults.push(error));
  await client.connect();
  const disposed = dispose();
  await sleep(200);
  await client.end();
  await disposed;
  expect(faults).toEqual([]);
});
