import { freePort } from '@parley/infra/embedded/free-port';
import { type Stack, startStack } from '@parley/infra/embedded/stack';
import { localMasterKeys } from '@parley/infra/runtime/local-master-keys';
import { localSecrets } from '@parley/infra/runtime/secrets';
import { signToken } from '@parley/infra/runtime/tokens';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import { type Endpoints, lastEndpoints, writeEndpoints } from '../terminal/endpoints.js';
import { type KeptService, keepRunning } from './keep-running.js';
import { decideRestart, neverFailed, type RestartState } from './restart-policy.js';
import type { ServiceInfo } from './service-process.js';
import { type ServiceName, type ServiceSettings, serviceSpec } from './service-specs.js';

export type RunStackOptions = {
  readonly home: string;
  readonly partitions: number;
  /** Port of the web client and the socket; undefined is that of the last time, if it is free. */
  readonly port: number | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly report: (line: string) => void;
  /** A part that cannot be kept running: the whole is to be stopped. */
  readonly onGiveUp: (reason: string) => void;
};

export type RunningStack = {
  readonly endpoints: Endpoints;
  /** Stops the services, then the servers; resolves when all are gone. */
  stop(): Promise<void>;
};

/** The user of the token that `up` prints, and how long it is good. */
const DEMO = { sub: 'demo', did: 'demo', scope: 'import', expiresIn: '30d' } as const;

/**
 * Starts servers and services, in the order in which they need one another, and keeps them running.
 *
 * @throws what `startStack` throws, or an Error naming the service that does not become ready
 */
export async function runStack(options: RunStackOptions): Promise<RunningStack> {
  const { home, partitions, env, report } = options;
  const last = await lastEndpoints(home);
  let stopping = false;
  const restarts = new Map<string, RestartState>();
  const stack: Stack = await startStack({
    home,
    report,
    onServerExit: (name, { code, signal }) => {
      if (stopping) return;
      // How long it ran is not known here: every end counts.
      const decision = decideRestart(restarts.get(name) ?? neverFailed, { ranMs: 0, code });
      if (decision.tag === 'giveUp') return options.onGiveUp(`${name} stopped: ${decision.reason}`);
      restarts.set(name, decision.state);
      report(`${name} ended (${signal ?? code}); it is started again`);
      setTimeout(() => void bringBack(name), decision.afterMs);
    },
  }).catch(sayWhy);

  async function bringBack(name: Parameters<Stack['startServer']>[0]): Promise<void> {
    if (stopping) return;
    try {
      await stack.startServer(name);
      report(`${name} is back`);
    } catch (error) {
      if (!stopping) options.onGiveUp(`${name} does not come back: ${(error as Error).message}`);
    }
  }

  const kept: KeptService[] = [];
  let voice: Promise<void> = Promise.resolve();
  const stop = async (): Promise<void> => {
    stopping = true;
    await voice;
    for (const service of kept.toReversed()) await service.stop();
    await stack.stop();
  };

  try {
    const secrets = await localSecrets(home);
    const tokenSecret = env.PARLEY_TOKEN_SECRET || secrets.tokenSecret;
    const settings = {
      home,
      stack,
      partitions,
      tokenSecret,
      banKey: env.PARLEY_BAN_KEY || secrets.banKey,
      masterKeys: env.PARLEY_MASTER_KEYS || (await localMasterKeys(home)),
      env,
    };

    const start = async (name: ServiceName, wished: number | undefined): Promise<ServiceInfo> => {
      const service = await keep(name, await freePort(wished), settings, options);
      kept.push(service);
      report(`${name} is ready${typeof service.info.url === 'string' ? ` at ${service.info.url}` : ''}`);
      return service.info;
    };
    // Messaging waits for nothing that calls need, and goes on without them.
    voice = keep('sfu', 0, settings, { ...options, onGiveUp: report }).then(
      (service) => void kept.push(service),
      (error: Error) => report(`there are no calls by a server: ${error.message}`),
    );
    const api = urlOf('command-api', await start('command-api', portOf(last?.api)));
    // It also migrates the database before it is ready.
    await start('projector', undefined);
    const web = urlOf('gateway', await start('gateway', options.port ?? portOf(last?.web)));

    const endpoints: Endpoints = {
      web,
      ws: `${web.replace(/^http/, 'ws')}/v1/ws`,
      api,
      token: await signToken(Buffer.from(tokenSecret, 'base64url'), DEMO),
      nats: stack.nats,
      database: stack.database,
      redis: stack.redis,
    };
    await writeEndpoints(home, endpoints);
    return { endpoints, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A server that does not start has said why in its log, which the message has: no bug of ours. */
function sayWhy(error: Error): never {
  throw error.constructor === Error ? new CliError(error.message, exitCodes.unavailable) : error;
}

function keep(
  name: ServiceName,
  port: number,
  settings: ServiceSettings,
  { report, onGiveUp }: RunStackOptions,
) {
  return keepRunning({
    // Started again it keeps its address, which clients know.
    specOf: (info) => serviceSpec(name, info === undefined ? port : (portOf(info.url) ?? port), settings),
    report,
    onGiveUp,
  });
}

function portOf(url: unknown): number | undefined {
  if (typeof url !== 'string' || !URL.canParse(url)) return undefined;
  const port = Number(new URL(url).port);
  return port > 0 ? port : undefined;
}

/** Where a service says that it listens. */
function urlOf(name: ServiceName, info: ServiceInfo): string {
  if (typeof info.url === 'string' && URL.canParse(info.url)) return new URL(info.url).origin;
  throw new Error(`${name} does not say where it listens`);
}
