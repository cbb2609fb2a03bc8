import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { openRpcClient } from '@parley/infra/rpc/client';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { connectRedis } from '@parley/infra/runtime/connect-redis';
import { type Resource, type Started, tellParent } from '@parley/infra/runtime/lifecycle';
import type { Log } from '@parley/infra/runtime/log';
import { createMetrics } from '@parley/infra/runtime/metrics';
import { startOpsServer } from '@parley/infra/runtime/ops-server';
import { openPlacing } from '@parley/infra/voice/placing';
import type { CallNotice } from '@parley/infra/voice/protocol';
import { askNode } from '@parley/infra/voice/questions';
import { openRosters } from '@parley/infra/voice/roster';
import { callSubject } from '@parley/infra/voice/subjects';
import { ticketKey } from '@parley/infra/voice/ticket';
import { openBroadcasts } from './broadcast/broadcasts.js';
import { removeLeftBroadcasts } from './broadcast/directory.js';
import { serveBroadcast } from './broadcast/serve-broadcast.js';
import type { SfuConfig } from './config.js';
import { openEdges } from './edge/edges.js';
import { listenOf, openBackgroundPool } from './node/background-pool.js';
import { openNode, type SfuNode } from './node/node.js';
import { openRooms } from './room/open-rooms.js';

/** Milliseconds until a question about who is in a call counts as unanswered. */
const ROSTER_MS = 3_000;

/** Milliseconds until what is asked of another node of a call counts as unanswered. */
const EDGE_MS = 2_000;

/** Builds an SFU node. Needs NATS to start; Redis, command-api and its own media workers may come later. @param stop ends this process, once its calls are given away */
export async function startSfu(
  config: SfuConfig,
  log: Log,
  stop: (reason: string) => void,
): Promise<Started> {
  const key = ticketKey(config);
  const self = `sfu-${randomBytes(6).toString('hex')}`;
  const partitions = config.PARLEY_PARTITIONS;
  const resources: Resource[] = [];
  const registry = createMetrics('sfu');
  await removeLeftBroadcasts(log);

  const nats = await connectNats(config.NATS_URL, self);
  resources.push({ name: 'nats', dispose: () => nats.drain() });
  const redis = await connectRedis(config.REDIS_URL, { name: self, log });
  resources.push({ name: 'redis', dispose: () => redis.disconnect() });
  const rpc = openRpcClient({ nats, partitions, timeout: ROSTER_MS });
  resources.push({ name: 'rpc', dispose: () => rpc.close() });
  const rosters = openRosters((request) => rpc.call(request), partitions, 'sfu');
  const placing = openPlacing({ redis, nats, region: config.PARLEY_VOICE_REGION, log });
  resources.push({ name: 'placing', dispose: () => placing.close() });

  let node: SfuNode | undefined;
  const ops = await startOpsServer({
    host: config.PARLEY_HTTP_HOST,
    port: config.PARLEY_HTTP_PORT,
    metrics: registry,
    checks: [
      { name: 'nats', isReady: () => !nats.isClosed() },
      { name: 'media workers', isReady: () => node?.isReady ?? false },
    ],
    also: (path, authorization) => serveBroadcast(broadcasts, key, path, authorization),
  });
  resources.push({ name: 'ops', dispose: () => ops.close() });

  const pool = openBackgroundPool({
    config,
    log,
    tell: tellParent,
    onReady: () => node?.workersReady(),
    onGone: () => node?.workersGone(),
    onDied: ({ worker }) => rooms.workerDied(worker),
  });
  resources.push({ name: 'media workers', dispose: () => pool.close() });
  const tell = (conversationId: string, notice: CallNotice): void => {
    if (!nats.isClosed()) nats.publish(callSubject(conversationId), JSON.stringify(notice));
  };
  const rooms = openRooms({ pool, tell, log, registry });
  resources.push({ name: 'rooms', dispose: () => rooms.shutdown() });
  const broadcasts = openBroadcasts({ rooms, tell, log, most: mostBroadcasts() });
  resources.push({ name: 'broadcasts', dispose: () => broadcasts.close() });

  const edges = openEdges({
    self,
    ask: (other, question) => askNode(nats, other, question, EDGE_MS),
    rooms,
    listen: listenOf(config),
    log,
  });
  resources.push({ name: 'edges', dispose: () => edges.close() });

  const opened = openNode({
    self,
    nats,
    redis,
    placing,
    rooms,
    broadcasts,
    edges,
    rosterOf: rosters.of,
    partitions,
    key,
    region: config.PARLEY_VOICE_REGION,
    http: httpOf(config, ops.port),
    comfortable: config.PARLEY_VOICE_COMFORTABLE,
    cpu: pool.cpu,
    log,
    registry,
    onDrainAsked(seconds = config.PARLEY_VOICE_DRAIN) {
      // Asked again it goes by the earlier of the two times.
      void opened.drain(Math.min(seconds, config.PARLEY_VOICE_DRAIN));
      stop('it was asked to go');
    },
  });
  node = opened;
  resources.push({ name: 'calls', dispose: () => opened.drain(config.PARLEY_VOICE_DRAIN) });
  return { info: { node: self, url: ops.url }, resources };
}

/** Each is the work of about a core, and calls go first. */
const mostBroadcasts = (): number => Math.max(1, Math.floor(availableParallelism() / 2));

/** Where gateways and operators reach it: a node that listens on every address has one of them announced. */
function httpOf(config: SfuConfig, port: number): string {
  const isAny = ['0.0.0.0', '::'].includes(config.PARLEY_HTTP_HOST);
  const host = isAny ? (config.PARLEY_VOICE_ADDRESS ?? config.PARLEY_VOICE_LISTEN) : config.PARLEY_HTTP_HOST;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
