import { realpath } from 'node:fs/promises';
import { openHome, recall, remember, type StackMemory } from './home.js';
import { lockHome } from './home-lock.js';
import { type Leash, type ServerExit, startLeash } from './leash.js';
import { stopOrphans } from './orphans.js';
import { type RunContext, type RunningServer, runServer } from './run-server.js';
import { natsPlan, type PlanSettings, postgresPlan, redisPlan, type ServerPlan } from './server-plan.js';
import type { Report, ServerName } from './server-source.js';

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

const startServers = async (settings: Settings, leash: Leash, memory: StackMemory): Promise<Stack> => {
  const expected = new Set<string>();
  leash.onExit((exit) => {
    if (!expected.has(exit.id)) settings.onServerExit?.(exit.id as ServerName, exit);
  });
  const planSettings: PlanSettings = {
    home: settings.home,
    syncAlways: settings.syncAlways ?? true,
    testAccounts: settings.testAccounts ?? 0,
    report: settings.report,
    passwords: memory.passwords,
  };
  const plans = [natsPlan(planSettings), await postgresPlan(planSettings), redisPlan(planSettings)] as const;
  const context: RunContext = {
    leash,
    report: settings.report,
    env: (settings.useEnvironment ?? true) ? process.env : {},
    wishedPorts: memory.ports,
    expected,
  };
  const [nats, postgres, redis] = await runAll(plans, context);
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
      for (const name of Object.keys(servers)) expected.add(name);
      await Promise.all([leash.close(), ...Object.values(servers).map((server) => server.dispose())]);
    },
  };
};

type Three<A> = readonly [nats: A, postgres: A, redis: A];

/** Waits for all even when one fails, so that nothing is still starting when the failure is handled. */
const runAll = async (plans: Three<ServerPlan>, context: RunContext): Promise<Three<RunningServer>> => {
  const results = await Promise.allSettled(plans.map((plan) => runServer(plan, context)));
  const running = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = results.find((result) => result.status === 'rejected');
  if (!failed) return running as unknown as Three<RunningServer>;
  await Promise.all(running.map((server) => server.dispose()));
  throw failed.reason;
};

const definedOnly = (ports: Record<string, number | undefined>): StackMemory['ports'] =>
  Object.fromEntries(Object.entries(ports).filter(([, port]) => port !== undefined));
