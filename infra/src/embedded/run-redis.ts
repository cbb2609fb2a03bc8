import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { ContainerPlan } from './container.js';
import type { LeashedProgram } from './leash.js';
import type { Address } from './server-plan.js';
import type { ServerBinary } from './server-source.js';

export type RedisPlan = {
  readonly home: string;
  readonly port: number;
  readonly password: string;
  readonly databases: number;
};

export const redisProgram = async (plan: RedisPlan, binary: ServerBinary): Promise<LeashedProgram> => {
  const directory = join(plan.home, 'redis');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const config = join(plan.home, 'redis.conf');
  await writeFile(config, redisConfig(plan, directory), { mode: 0o600 });
  return {
    id: 'redis',
    command: binary.command,
    args: [config],
    env: { PATH: '/usr/bin:/bin', ...binary.env },
    cwd: directory,
    log: join(plan.home, 'logs/redis.log'),
    stopSignal: 'SIGTERM',
  };
};

export const redisUrl = ({ password }: Pick<RedisPlan, 'password'>, at: Address): string =>
  `redis://:${password}@${at.host}:${at.port}/0`;

export const redisContainer = (plan: Omit<RedisPlan, 'port'>): ContainerPlan => ({
  port: 6379,
  command: ['redis-server', '/etc/parley-redis.conf'],
  files: [
    { content: redisConfig({ ...plan, port: 6379 }, '/tmp', '0.0.0.0'), target: '/etc/parley-redis.conf' },
  ],
});

/** Nothing in Redis is the only copy of anything: it keeps nothing on disk, and drops what is used least when full. */
export const redisConfig = (plan: RedisPlan, directory: string, host = '127.0.0.1'): string =>
  [
    `bind ${host}`,
    `port ${plan.port}`,
    `requirepass ${plan.password}`,
    `dir ${JSON.stringify(directory)}`,
    `databases ${plan.databases}`,
    'save ""',
    'appendonly no',
    'maxmemory 512mb',
    'maxmemory-policy allkeys-lru',
    '',
  ].join('\n');

/** Resolves when Redis answers a PING with that password. */
export const greetRedis = ({ password }: Pick<RedisPlan, 'password'>, at: Address): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port: at.port, host: at.host });
    let heard = '';
    socket.setTimeout(2_000, () => socket.destroy(new Error('silent')));
    socket.once('connect', () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    socket.on('data', (chunk) => {
      heard += chunk.toString();
      if (heard.includes('+PONG')) {
        socket.destroy();
        resolve();
      } else if (/^-/m.test(heard)) socket.destroy(new Error(heard.trim()));
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
  });
