import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findServer } from '../embedded/find-server.js';
import { freePort } from '../embedded/free-port.js';
import { natsSource } from '../embedded/nats-source.js';
import type { ServerBinary } from '../embedded/server-source.js';
import { waitFor } from './wait-for.js';

/** Three NATS servers that are one cluster, as production has them. */
export type NatsCluster = {
  /** All of them, as `NATS_URL` names several. */
  readonly url: string;
  /** Ends one with SIGKILL. */
  kill(node: number): Promise<void>;
  /** Starts one again, with the data it had. */
  start(node: number): Promise<void>;
  stop(): Promise<void>;
};

const NODES = [0, 1, 2] as const;

/**
 * Starts a cluster with its data below a directory. A router of each knows the other two. Resolves when they have a leader who
 * knows both others: until then no stream of three copies can be made, and questions about streams are not answered.
 */
export async function startNatsCluster(directory: string): Promise<NatsCluster> {
  const found = await findServer(natsSource, { env: {}, report: () => undefined });
  if (found.kind !== 'binary') throw new Error('a cluster is made of programs, and none was found');
  const ports = await Promise.all(
    NODES.map(async () => ({
      client: await freePort(),
      route: await freePort(),
      monitor: await freePort(),
    })),
  );
  const running: (ChildProcess | undefined)[] = [];

  async function start(node: number): Promise<void> {
    const { client, route, monitor } = ports[node] as (typeof ports)[number];
    const store = join(directory, `node-${node}`);
    await mkdir(store, { recursive: true });
    const config = `${store}.conf`;
    const routes = ports
      .filter((_, other) => other !== node)
      .map((other) => `nats://127.0.0.1:${other.route}`);
    await writeFile(config, clusterConfig({ name: `node-${node}`, client, route, monitor, store, routes }));
    running[node] = startProgram(found as ServerBinary, config, store);
  }

  async function kill(node: number): Promise<void> {
    const child = running[node];
    running[node] = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  await Promise.all(NODES.map(start));
  const stop = async () => void (await Promise.all(NODES.map(kill)));
  const leads = async () => (await Promise.all(ports.map(({ monitor }) => peersOf(monitor)))).includes(2);
  try {
    await waitFor(leads, { what: 'a leader of the cluster that knows both others', timeout: 30_000 });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: ports.map(({ client }) => `nats://127.0.0.1:${client}`).join(','),
    kill,
    start,
    stop,
  };
}

/** Brokers that this one leads and that have all it has: none where it does not lead. */
async function peersOf(monitor: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${monitor}/jsz`);
  const { meta_cluster } = (await answer.json()) as JetStreamStatus;
  return (meta_cluster?.replicas ?? []).filter(({ current, offline }) => current && !offline).length;
}

type JetStreamStatus = {
  readonly meta_cluster?: {
    readonly replicas?: readonly { readonly current: boolean; readonly offline?: boolean }[];
  };
};

function startProgram({ command, env }: ServerBinary, config: string, store: string): ChildProcess {
  return spawn(command, ['-c', config, '-l', `${store}.log`], {
    env: { PATH: '/usr/bin:/bin', ...env },
    stdio: 'ignore',
  });
}

type Node = {
  readonly name: string;
  readonly client: number;
  readonly route: number;
  readonly monitor: number;
  readonly store: string;
  readonly routes: readonly string[];
};

const clusterConfig = ({ name, client, route, monitor, store, routes }: Node): string =>
  [
    'host: "127.0.0.1"',
    `port: ${client}`,
    `http: "127.0.0.1:${monitor}"`,
    `server_name: ${JSON.stringify(name)}`,
    'max_payload: 8MB',
    `jetstream { store_dir: ${JSON.stringify(store)} }`,
    `cluster { name: "parley", host: "127.0.0.1", port: ${route}, routes: ${JSON.stringify(routes)} }`,
    '',
  ].join('\n');
