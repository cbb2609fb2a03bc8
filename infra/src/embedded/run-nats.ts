import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { ContainerPlan } from './container.js';
import type { LeashedProgram } from './leash.js';
import type { Address } from './server-plan.js';
import type { ServerBinary } from './server-source.js';

export type NatsPlan = {
  readonly home: string;
  readonly port: number;
  readonly password: string;
  /** True syncs every append to disk before it is acknowledged. */
  readonly syncAlways: boolean;
  /** Isolated JetStream accounts t0, t1, … besides the main one. */
  readonly testAccounts: number;
};

export const natsProgram = async (plan: NatsPlan, binary: ServerBinary): Promise<LeashedProgram> => {
  const directory = join(plan.home, 'nats');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const config = join(plan.home, 'nats.conf');
  await writeFile(config, natsConfig(plan, directory), { mode: 0o600 });
  return {
    id: 'nats',
    command: binary.command,
    args: ['-c', config],
    env: { PATH: '/usr/bin:/bin', ...binary.env },
    cwd: directory,
    log: join(plan.home, 'logs/nats.log'),
    stopSignal: 'SIGTERM',
  };
};

export const natsUrl = ({ password }: Pick<NatsPlan, 'password'>, at: Address): string =>
  `nats://parley:${password}@${at.host}:${at.port}`;

export const natsContainer = (plan: Omit<NatsPlan, 'port'>): ContainerPlan => ({
  port: 4222,
  command: ['-c', '/etc/parley/nats.conf'],
  files: [
    { content: natsConfig({ ...plan, port: 4222 }, '/data', '0.0.0.0'), target: '/etc/parley/nats.conf' },
  ],
  data: { source: join(plan.home, 'nats'), target: '/data' },
});

/** max_payload holds a batch of many 64 KiB bodies; a client that takes nothing for 10 s is cut off. */
export const natsConfig = (plan: NatsPlan, storeDirectory: string, host = '127.0.0.1'): string => {
  const accounts = Array.from(
    { length: plan.testAccounts },
    (_, index) =>
      `  T${index}: { jetstream: enabled, users: [ { user: "t${index}", password: ${JSON.stringify(plan.password)} } ] }`,
  );
  return [
    `host: ${JSON.stringify(host)}`,
    `port: ${plan.port}`,
    `server_name: ${JSON.stringify(nameOf(plan))}`,
    'max_payload: 8MB',
    'write_deadline: "10s"',
    'jetstream {',
    `  store_dir: ${JSON.stringify(storeDirectory)}`,
    ...(plan.syncAlways ? ['  sync_interval: always'] : []),
    '}',
    'accounts {',
    `  PARLEY: { jetstream: enabled, users: [ { user: "parley", password: ${JSON.stringify(plan.password)} } ] }`,
    ...accounts,
    '}',
    '',
  ].join('\n');
};

/** What tells a server from others: it is said to whoever connects, before any password. */
const nameOf = ({ password }: Pick<NatsPlan, 'password'>): string =>
  `parley-${createHash('sha256').update(password).digest('hex').slice(0, 12)}`;

/** What a NATS server says of itself when a client connects: who it is, its version, whether it keeps streams. */
export type NatsInfo = {
  readonly server_name: string;
  readonly version: string;
  readonly jetstream?: boolean;
};

/** Rejects where another server has the port: one that took it since it was found free, and answers in the place of ours. */
export const greetNats = (plan: Pick<NatsPlan, 'password'>, { host, port }: Address): Promise<NatsInfo> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host });
    let heard = '';
    socket.setTimeout(2_000, () => socket.destroy(new Error('silent')));
    socket.on('data', (chunk) => {
      heard += chunk.toString();
      const info = /^INFO (\{.*\})\s*\r\n/.exec(heard);
      if (!info) return;
      const said = JSON.parse(info[1] as string) as NatsInfo;
      const isOurs = said.server_name === nameOf(plan);
      socket.destroy(isOurs ? undefined : new Error(`another NATS server answers on port ${port}`));
      if (isOurs) resolve(said);
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
  });
