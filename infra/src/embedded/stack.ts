import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { type FoundServer, findServer } from './find-server.js';
import { freePort } from './free-port.js';
import { openHome, recall, remember, type StackMemory } from './home.js';
import { lockHome } from './home-lock.js';
import { type Leash, type LeashedProgram, type ServerExit, startLeash } from './leash.js';
import { natsSource } from './nats-source.js';
import { stopOrphans } from './orphans.js';
import { placePostgres } from './postgres-place.js';
import { postgresSource } from './postgres-source.js';
import { redisSource } from './redis-source.js';
import { greetNats, natsProgram, natsUrl } from './run-nats.js';
import { clusterMajor, greetPostgres, postgresProgram, postgresUrl } from './run-postgres.js';
import { greetRedis, redisProgram, redisUrl } from './run-redis.js';
import type { Report, ServerBinary, ServerName } from './server-source.js';
import { formatVersion } from './version.js';
import { waitUntil } from './wait-until.js';

export type StackOptions = {
  /** Directory of data, logs and passwords; made if it is not there. */
  readonly home: string;
  /** Sync every append to disk before it is acknowledged. False is for tests: Postgres trades durability for speed too. */
  readonly syncAlways?: boolean;
  readonly report?: Report;
  /** This many isolated NATS accounts (t0, t1, …) and Redis databases, for tests. */
  readonly testAccounts?: number;
  /** False ignores NATS_URL, DATABASE_URL and REDIS_URL. */
  readonly useEnvironment?: boolean;
  /** A server ended that nobody stopped. */
  readonly onServerExit?: (name: ServerName, exit: ServerExit) => void;
};

export type Stack = {
  /** URLs with the credentials in them. */
  readonly nats: string;
  readonly database: string;
  readonly redis: string;
  /** Where each program came from, and its version. */
  readonly origins: Readonly<Record<ServerName, string>>;
  /** Stops one server, for trials of what happens without it; `startServer` brings it back at the same address. */
  stopServer(name: ServerName): Promise<void>;
  startServer(name: ServerName): Promise<void>;
  /** Stops every server; resolves when all are gone. */
  stop(): Promise<void>;
};

/**
 * Starts private servers on free ports of 127.0.0.1 with their data in the home. They stop when `stop` is called or when
 * this process ends, however it ends.
 *
 * @throws HomeInUse, ServerNotFound, or an Error with the end of the log of a server that does not start
 */
export const startStack = async (options: StackOptions): Promise<Stack> => {
  const report = options.report ?? (() => undefined);
  await openHome(options.home);
  const home = await realpath(options.home);
  const leash = await startLeash(home);
  try {
    await lockHome(home, leash.pid);
    await stopOrphans(home, report);
    return await startServers({ ...options, home, report }, leash, await recall(home));
  } catch (error) {
    await leash.close();
    throw error;
  }
};

type Settings = StackOptions & { readonly report: Report };

/** A server as the stack holds it; one from the environment can be neither stopped nor started here. */
type RunningServer = {
  readonly url: string;
  readonly origin: string;
  readonly port?: number;
  stop(): Promise<void>;
  start(): Promise<void>;
};

const startServers = async (settings: Settings, leash: Leash, memory: StackMemory): Promise<Stack> => {
  const expected = new Set<string>();
  leash.onExit((exit) => {
    if (!expected.has(exit.id)) settings.onServerExit?.(exit.id as ServerName, exit);
  });
  const context = { settings, leash, memory, expected };
  const all = await allOrNone([startNats(context), startPostgres(context), startRedis(context)]);
  const [nats, postgres, redis] = all as [RunningServer, RunningServer, RunningServer];
  await remember(settings.home, {
    ...memory,
    ports: definedOnly({ nats: nats.port, postgres: postgres.port, redis: redis.port }),
  });
  const servers = { nats, postgres, redis };
  return {
    nats: nats.url,
    database: postgres.url,
    redis: redis.url,
    origins: { nats: nats.origin, postgres: postgres.origin, redis: redis.origin },
    stopServer: (name) => servers[name].stop(),
    startServer: (name) => servers[name].start(),
    stop: async () => {
      for (const id of ['nats', 'postgres', 'redis']) expected.add(id);
      await leash.close();
    },
  };
};

type Context = {
  readonly settings: Settings;
  readonly leash: Leash;
  readonly memory: StackMemory;
  /** Servers whose end is no surprise. */
  readonly expected: Set<string>;
};

const startNats = async (context: Context): Promise<RunningServer> => {
  const { settings, memory } = context;
  const found = await findServer(natsSource, findOptions(settings));
  if (found.kind !== 'binary') return elsewhere(found);
  const password = memory.passwords.nats;
  const plan = (port: number) => ({
    home: settings.home,
    port,
    password,
    syncAlways: settings.syncAlways ?? true,
    testAccounts: settings.testAccounts ?? 0,
  });
  return runServer(context, found, {
    name: 'nats',
    program: (port) => natsProgram(plan(port), found),
    greet: async (port) => void (await greetNats(port)),
    url: (port) => natsUrl({ port, password }),
  });
};

const startPostgres = async (context: Context): Promise<RunningServer> => {
  const { settings, memory } = context;
  const major = await clusterMajor(join(settings.home, 'postgres'));
  const found = await findServer(postgresSource, {
    ...findOptions(settings),
    ...(major === undefined ? {} : { suits: (version) => version[0] === major }),
  });
  if (found.kind !== 'binary') return elsewhere(found);
  const place = await placePostgres(settings.home, found, settings.report);
  const password = memory.passwords.postgres;
  const plan = (port: number) => ({
    home: settings.home,
    port,
    password,
    place,
    durable: settings.syncAlways ?? true,
  });
  return runServer(context, found, {
    name: 'postgres',
    program: (port) => postgresProgram(plan(port), settings.report),
    greet: (port) => greetPostgres({ port, password }),
    url: (port) => postgresUrl({ port, password }),
  });
};

const startRedis = async (context: Context): Promise<RunningServer> => {
  const { settings, memory } = context;
  const found = await findServer(redisSource, findOptions(settings));
  if (found.kind !== 'binary') return elsewhere(found);
  const password = memory.passwords.redis;
  const databases = Math.max(16, settings.testAccounts ?? 0);
  return runServer(context, found, {
    name: 'redis',
    program: (port) => redisProgram({ home: settings.home, port, password, databases }, found),
    greet: (port) => greetRedis({ port, password }),
    url: (port) => redisUrl({ port, password }),
  });
};

type Runner = {
  readonly name: ServerName;
  readonly program: (port: number) => Promise<LeashedProgram>;
  readonly greet: (port: number) => Promise<void>;
  readonly url: (port: number) => string;
};

/** Another process may take a port between the choice and the start: then the server exits, and another port is tried. */
const runServer = async (context: Context, found: ServerBinary, runner: Runner): Promise<RunningServer> => {
  const { name } = runner;
  const origin = `${formatVersion(found.version)} (${found.origin})`;
  let wished = context.memory.ports[name];
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(wished);
    try {
      await startOn(port, context, runner);
      context.settings.report(`${name} ${origin} on port ${port}`);
      return {
        url: runner.url(port),
        origin,
        port,
        stop: async () => {
          context.expected.add(name);
          await context.leash.stop(name);
        },
        start: () => startOn(port, context, runner),
      };
    } catch (error) {
      if (attempt === 3) throw error;
      wished = undefined;
    }
  }
};

const startOn = async (port: number, { leash, expected }: Context, runner: Runner): Promise<void> => {
  const program = await runner.program(port);
  expected.add(runner.name);
  const { ended, forget } = whenEnded(leash, program);
  try {
    await leash.spawn(program);
    await waitUntil(() => runner.greet(port), {
      what: `${runner.name} answers`,
      timeoutMs: 60_000,
      abandoned: ended,
    });
    expected.delete(runner.name);
  } catch (error) {
    await leash.stop(runner.name);
    throw error;
  } finally {
    forget();
  }
};

/** Rejects with the end of the log when the program exits. */
const whenEnded = (leash: Leash, program: LeashedProgram) => {
  let forget = (): void => undefined;
  const ended = new Promise<never>((_, reject) => {
    forget = leash.onExit(async (exit) => {
      if (exit.id !== program.id) return;
      const log = await readFile(program.log, 'utf8').catch(() => '');
      const tail = log.trim().split('\n').slice(-8).join('\n');
      reject(
        new Error(`${program.id} stopped as soon as it was started (${exit.signal ?? exit.code}):\n${tail}`),
      );
    });
  });
  ended.catch(() => undefined);
  return { ended, forget: () => forget() };
};

const elsewhere = (found: Exclude<FoundServer, ServerBinary>): RunningServer => {
  if (found.kind === 'container') throw new Error(`${found.origin} is not supported yet`);
  const refuse = async (): Promise<void> => {
    throw new Error(`${found.origin} is not ours to stop or start`);
  };
  return { url: found.url, origin: found.origin, stop: refuse, start: refuse };
};

const findOptions = (settings: Settings) => ({
  report: settings.report,
  env: (settings.useEnvironment ?? true) ? process.env : {},
});

/** Waits for all even when one fails, so that nothing is still starting when the failure is handled. */
const allOrNone = async <A>(promises: readonly Promise<A>[]): Promise<readonly A[]> => {
  const results = await Promise.allSettled(promises);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  return results.map((result) => (result as PromiseFulfilledResult<A>).value);
};

const definedOnly = (ports: Record<string, number | undefined>): StackMemory['ports'] =>
  Object.fromEntries(Object.entries(ports).filter(([, port]) => port !== undefined));
