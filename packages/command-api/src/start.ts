import { randomBytes } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { Envelope } from '@parley/domain/log/envelope';
import { openRequestLimits, pointsOf } from '@parley/infra/limits/request-limits';
import { openPublishWindow } from '@parley/infra/log/publish-window';
import { conversationFormat, openSnapshots } from '@parley/infra/log/snapshots';
import { ensureTopology } from '@parley/infra/log/topology';
import { openServedVersion, type ServedOptions } from '@parley/infra/read-model/served-version';
import { serveRpc } from '@parley/infra/rpc/server';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { connectPostgres } from '@parley/infra/runtime/connect-postgres';
import { connectRedis } from '@parley/infra/runtime/connect-redis';
import type { Resource, Started } from '@parley/infra/runtime/lifecycle';
import type { Log } from '@parley/infra/runtime/log';
import { openLogClock } from '@parley/infra/runtime/log-clock';
import { createMetrics } from '@parley/infra/runtime/metrics';
import { makeVerifier, trustOf } from '@parley/infra/runtime/tokens';
import { watchLine } from '@parley/infra/runtime/watch-line';
import { openVault } from '@parley/infra/vault/open-vault';
import { authenticate } from './authenticate.js';
import type { ApiConfig } from './config.js';
import { openRecentEvents } from './conversations/recent-events.js';
import { openConversationStore } from './conversations/store.js';
import { openTurns } from './conversations/turns.js';
import { accountFormat, openAccounts } from './devices/accounts.js';
import { openDeviceCheck } from './devices/device-check.js';
import { openDispatch } from './dispatch.js';
import { limitRequests } from './http/limit-requests.js';
import { listen } from './http/listen.js';
import { openReplay } from './internal/replay.js';
import { serveGateways } from './internal/serve.js';
import { countingDispatch } from './metrics.js';
import { notifyAdded } from './notices.js';
import { openCatchUp } from './queries/caught-up.js';
import { openPageMemory } from './queries/newest-page.js';
import { readHeldWith } from './read/held-with.js';
import { openReceiptCache } from './receipts/mark.js';
import { openUnreadCounter } from './receipts/unread-counter.js';

/** Conversations and watermarks kept in memory: about 10 KB a conversation of 50 members with a full memory of commands. */
const MAX_CONVERSATIONS = 20_000;
const MAX_WATERMARKS = 200_000;

/** Bytes of accounts kept in memory: about a kilobyte of a user who has registered no keys. */
const MAX_ACCOUNTS = 64 * 1024 * 1024;

/**
 * Builds command-api: connections, buses, HTTP and rpc. Needs NATS to start; Postgres and Redis may come later.
 *
 * @param openClock a test may move the clock.
 * @param knows which models of rows it reads: a test may have it be an older release.
 */
export async function startApi(
  config: ApiConfig,
  log: Log,
  openClock: typeof openLogClock = openLogClock,
  knows?: ServedOptions['knows'],
): Promise<Started> {
  const trust = trustOf(config);
  if (trust === undefined)
    throw new Error('Set PARLEY_TOKEN_SECRET or PARLEY_JWKS_URL: tokens must be verified somehow.');
  const verify = makeVerifier(trust);
  const instance = `api-${randomBytes(6).toString('hex')}`;
  const partitions = config.PARLEY_PARTITIONS;
  const resources: Resource[] = [];

  const nats = await connectNats(config.NATS_URL, instance);
  resources.push({ name: 'nats', dispose: () => nats.drain() });
  await ensureTopology(nats, { partitions, replicas: config.PARLEY_REPLICAS });
  const database = connectPostgres(config.DATABASE_URL, {
    name: instance,
    log,
    max: 10,
    statementTimeoutMs: 5_000,
    readsByKey: true,
  });
  resources.push({ name: 'postgres', dispose: () => database.end() });
  const metrics = createMetrics('command-api');
  const clock = await openClock({ nats, log, registry: metrics });
  resources.push({ name: 'clock', dispose: () => clock.close() });
  const redis = await connectRedis(config.REDIS_URL, { name: instance, log });
  resources.push({ name: 'redis', dispose: () => redis.disconnect() });

  const limits = openRequestLimits(redis, pointsOf(config));
  resources.push({ name: 'limits', dispose: () => limits.close() });

  const jsm = await jetstreamManager(nats, { checkAPI: false });
  const window = openPublishWindow(nats);
  resources.push({ name: 'publish window', dispose: () => window.close() });
  const onUnreadable = (id: string, streamSeq: number, reason: string): void =>
    log.error({ id, streamSeq, reason }, 'an event in the log cannot be read; it counts but changes nothing');
  const recent = openRecentEvents();
  const store = openConversationStore({
    jsm,
    onFolded: recent.add,
    snapshots: await openSnapshots(nats, conversationFormat),
    partitions,
    maxCached: MAX_CONVERSATIONS,
    onUnreadable,
  });
  const accounts = openAccounts({
    jsm,
    snapshots: await openSnapshots(nats, accountFormat),
    partitions,
    maxCached: MAX_ACCOUNTS,
    onUnreadable,
  });
  const line = watchLine(nats);
  const devices = openDeviceCheck(nats, accounts, () => line.isUp);
  resources.push({ name: 'device check', dispose: () => devices.close() });
  const vault = await openVault({
    nats,
    masterKeys: config.PARLEY_MASTER_KEYS,
    onTrouble: (reason) => log.error({ reason }, 'a secret of the vault cannot be used'),
  });
  resources.push({ name: 'vault', dispose: () => vault.close() });
  const shared = { store, turns: openTurns(), window, jsm, vault };
  const commands = { ...shared, onAppended: (event: Envelope) => notifyAdded(nats, event) };
  const served = openServedVersion(database, knows === undefined ? {} : { knows });
  resources.push({ name: 'served version', dispose: () => served.close() });
  const caughtUp = openCatchUp({ jsm, partitions, database, served });
  const pages = openPageMemory();
  const proofOfDelivery = config.PARLEY_PROOF_OF_DELIVERY * 1_000;
  const reads = {
    store,
    jsm,
    database,
    redis,
    pages,
    vault,
    served,
    caughtUp,
    now: clock.now,
    proofOfDelivery,
    partitions,
  };
  const onError = (error: unknown, what: string): void => log.error({ err: error, what }, 'a request failed');

  const http = await listen(
    { host: config.PARLEY_HTTP_HOST, port: config.PARLEY_HTTP_PORT },
    {
      api: {
        commands,
        devices: {
          ...shared,
          accounts,
          heldWith: (user) => served.read(({ schema }) => readHeldWith(database, schema, user)),
        },
        receipts: {
          ...shared,
          partitions,
          cache: openReceiptCache(MAX_WATERMARKS),
          countUnread: openUnreadCounter({ ...reads, onError: (error) => onError(error, 'receipt.mark') }),
        },
        reads,
      },
      metrics,
      checks: [{ name: 'nats', isReady: () => nats.isClosed() === false && nats.info !== undefined }],
      dispatchOf: (app) =>
        countingDispatch(
          metrics,
          openDispatch({
            commands: app.get(CommandBus),
            queries: app.get(QueryBus),
            banKey: config.PARLEY_BAN_KEY,
            legalHold: config.PARLEY_LEGAL_HOLD === 'on',
            p2pMax: config.VOICE_P2P_MAX,
            now: clock.now,
            goneAs: devices.knownGone,
          }),
        ),
      onError,
      limit: limitRequests(limits, metrics),
      authenticate: (header) => authenticate(verify, devices.goneAs, header),
    },
  );
  resources.push({ name: 'http', dispose: () => http.close() });

  const rpc = serveRpc({
    nats,
    instance,
    handle: serveGateways(http.dispatch, {
      ...reads,
      accounts,
      commands,
      replay: openReplay({ jsm, store, recent, vault, now: clock.now }),
    }),
    onError: (error, { method }) => onError(error, method),
  });
  resources.push({ name: 'rpc', dispose: () => rpc.drain() });
  return { info: { url: http.url, instance }, resources };
}
