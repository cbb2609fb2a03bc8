import { randomBytes } from 'node:crypto';
import { pointsOf } from '@parley/infra/limits/request-limits';
import { ensureTopology } from '@parley/infra/log/topology';
import { openRpcClient } from '@parley/infra/rpc/client';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { connectRedis } from '@parley/infra/runtime/connect-redis';
import type { Resource, Started } from '@parley/infra/runtime/lifecycle';
import { openLimiter } from '@parley/infra/runtime/limiter';
import type { Log } from '@parley/infra/runtime/log';
import { openLogClock } from '@parley/infra/runtime/log-clock';
import { createMetrics } from '@parley/infra/runtime/metrics';
import { makeVerifier, trustOf } from '@parley/infra/runtime/tokens';
import { openVault } from '@parley/infra/vault/open-vault';
import { ticketKey } from '@parley/infra/voice/ticket';
import { openEventArrivals } from './arrivals.js';
import { openAsk } from './ask.js';
import { watchBrokerLine } from './broker-line.js';
import type { GatewayConfig } from './config.js';
import { openDeviceApi } from './devices/device-api.js';
import { hearRevocations } from './devices/revocations.js';
import { fanOut } from './fan-out.js';
import type { Gateway, GatewayCore } from './gateway.js';
import { admit } from './hub/admission.js';
import { openInterestReached } from './hub/interest-reached.js';
import { openInternalApi } from './internal-api.js';
import { openLimits } from './limits/limits.js';
import { peerNaming } from './limits/peer-address.js';
import { gatewayMetrics, gaugeGateway } from './metrics.js';
import { openPresence } from './presence/presence.js';
import { openReceiptArrivals } from './receipt-arrivals.js';
import { fanOutReceipts } from './receipts.js';
import { goAway } from './session/go-away.js';
import { readSite } from './site/read-site.js';
import { serveHttp } from './socket/http-routes.js';
import { listen, serveSocket } from './socket/listen.js';
import { serveSignIn } from './socket/sign-in-routes.js';
import { startSweep } from './sweep.js';
import { openTyping } from './typing/typing.js';
import { cacheDirectory, loadUws } from './uws/load.js';
import { openVoice } from './voice/voice.js';

/** Questions to the read model on behalf of sessions, at once. */
const MAX_ASKING = 512;

/**
 * Builds a gateway. Needs NATS to start; command-api and Redis may come later.
 *
 * @param openClock a test may move the clock.
 */
export async function startGateway(
  config: GatewayConfig,
  log: Log,
  openClock: typeof openLogClock = openLogClock,
): Promise<Started> {
  const trust = trustOf(config);
  if (trust === undefined)
    throw new Error('Set PARLEY_TOKEN_SECRET or PARLEY_JWKS_URL: tokens must be verified somehow.');
  const uws = loadUws(cacheDirectory());
  const partitions = config.PARLEY_PARTITIONS;
  const resources: Resource[] = [];

  const instance = `gateway-${randomBytes(6).toString('hex')}`;
  const nats = await connectNats(config.NATS_URL, instance);
  resources.push({ name: 'nats', dispose: () => nats.close() });
  await ensureTopology(nats, { partitions, replicas: config.PARLEY_REPLICAS });
  const redis = await connectRedis(config.REDIS_URL, { name: instance, log });
  resources.push({ name: 'redis', dispose: () => redis.disconnect() });
  const limits = openLimits(redis, {
    ...pointsOf(config),
    opens: config.PARLEY_LIMIT_OPENS,
  });
  resources.push({ name: 'limits', dispose: () => limits.close() });
  const vault = await openVault({
    nats,
    masterKeys: config.PARLEY_MASTER_KEYS,
    onTrouble: (reason) => log.error({ reason }, 'a secret of the vault cannot be used'),
  });
  resources.push({ name: 'vault', dispose: () => vault.close() });
  const rpc = openRpcClient({ nats, partitions });
  resources.push({ name: 'rpc', dispose: () => rpc.close() });

  const registry = createMetrics('gateway');
  const clock = await openClock({ nats, log, registry });
  resources.push({ name: 'clock', dispose: () => clock.close() });
  const metrics = gatewayMetrics(registry);
  const ask = openAsk(rpc, metrics);
  const app = uws.App();
  const core: GatewayCore = {
    app,
    nats,
    partitions,
    interestReached: openInterestReached(nats),
    verify: makeVerifier(trust),
    ask,
    api: openInternalApi(ask, partitions),
    devices: openDeviceApi(ask),
    vault,
    limiter: openLimiter(MAX_ASKING),
    limits,
    metrics,
    log,
    now: clock.now,
    sessions: new Set(),
    people: new Map(),
    hubs: new Map(),
    arrivals: {
      event: openEventArrivals((arrived) => fanOut(gateway, arrived)),
      receipt: openReceiptArrivals((arrived) => fanOutReceipts(gateway, arrived)),
    },
    isConnected: true,
    stopping: false,
  };
  const presence = openPresence(core, redis);
  resources.push({ name: 'presence', dispose: () => presence.close() });
  const voice = openVoice(core, {
    name: instance,
    settings: config,
    key: voiceKey(config, log),
    admit: (person, conversationId) => admit(gateway, person, conversationId),
    redis,
    region: config.PARLEY_VOICE_REGION,
  });
  resources.push({ name: 'voice', dispose: () => voice.close() });
  const gateway: Gateway = Object.assign(core, { presence, typing: openTyping(core), voice });
  gaugeGateway(gateway);
  void watchBrokerLine(gateway);
  hearRevocations(gateway);
  const sweep = startSweep(gateway);
  resources.push({ name: 'sweep', dispose: () => sweep.stop() });

  serveSocket(app, gateway, peerNaming(config.PARLEY_TRUSTED_PROXIES));
  if (config.PARLEY_LOCAL_SIGN_IN === 'on' && 'secret' in trust) serveSignIn(app, trust.secret);
  voice.serve(app);
  serveHttp(app, readSite(), registry, [
    { name: 'nats', isReady: () => gateway.isConnected && !gateway.stopping },
  ]);
  const listening = await listen(uws, app, config.PARLEY_HTTP_HOST, config.PARLEY_HTTP_PORT);
  resources.push({ name: 'sockets', dispose: () => goAway(gateway, app, listening) });

  const host = config.PARLEY_HTTP_HOST.includes(':')
    ? `[${config.PARLEY_HTTP_HOST}]`
    : config.PARLEY_HTTP_HOST;
  const authority = `${host}:${listening.port}`;
  return {
    info: { ws: `ws://${authority}/v1/ws`, url: `http://${authority}`, port: listening.port },
    resources,
  };
}

/** Without a key of tickets a gateway does all but bring people to SFU nodes. */
function voiceKey(config: GatewayConfig, log: Log): Uint8Array | undefined {
  if (config.PARLEY_VOICE_SECRET === undefined && config.PARLEY_TOKEN_SECRET === undefined) {
    log.warn('PARLEY_VOICE_SECRET is not set: calls by a server are refused');
    return undefined;
  }
  return ticketKey(config);
}
