import { readFile } from 'node:fs/promises';
import { startContainer } from './container.js';
import { type FoundServer, findServer } from './find-server.js';
import { freePort } from './free-port.js';
import type { Leash, LeashedProgram } from './leash.js';
import type { ServerPlan } from './server-plan.js';
import type { Report, ServerBinary, ServerName } from './server-source.js';
import { formatVersion } from './version.js';
import { waitUntil } from './wait-until.js';

/** A server as the stack holds it; one from the environment can be neither stopped nor started here. */
export type RunningServer = {
  readonly url: string;
  readonly origin: string;
  /** Absent when it is not the stack that chose it. */
  readonly port?: number;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Ends what the leash does not hold. */
  dispose(): Promise<void>;
};

export type RunContext = {
  readonly leash: Leash;
  readonly report: Report;
  readonly env: NodeJS.ProcessEnv;
  /** The port it had the last time. */
  readonly wishedPorts: Readonly<Partial<Record<ServerName, number>>>;
  /** Servers whose end is no surprise. */
  readonly expected: Set<string>;
};

/** How long a server may take to answer; recovery after a crash counts. */
const startTimeoutMs = 60_000;

/** Finds a server and starts it where that is ours to do. */
export const runServer = async (plan: ServerPlan, context: RunContext): Promise<RunningServer> => {
  const found = await findServer(plan.source, {
    report: context.report,
    env: context.env,
    ...(plan.suits ? { suits: plan.suits } : {}),
  });
  const running = await runFound(found, plan, context);
  context.report(`${plan.source.title} ${running.origin}${running.port ? ` on port ${running.port}` : ''}`);
  return running;
};

const runFound = (found: FoundServer, plan: ServerPlan, context: RunContext): Promise<RunningServer> => {
  switch (found.kind) {
    case 'url':
      return Promise.resolve(useUrl(found.url, found.origin));
    case 'binary':
      return runProgram(found, plan, context);
    case 'container':
      return runContainer(found.image, found.origin, plan);
    default:
      return found satisfies never;
  }
};

const useUrl = (url: string, origin: string): RunningServer => {
  const refuse = async (): Promise<void> => {
    throw new Error(`the server of ${origin} is not ours to stop or start`);
  };
  return { url, origin, stop: refuse, start: refuse, dispose: async () => undefined };
};

/** Another process may take a port between the choice and the start: then the server exits, and another is tried. */
const runProgram = async (
  binary: ServerBinary,
  plan: ServerPlan,
  context: RunContext,
): Promise<RunningServer> => {
  const { name } = plan.source;
  let wished = context.wishedPorts[name];
  for (let attempt = 1; ; attempt++) {
    const at = { host: '127.0.0.1', port: await freePort(wished) };
    try {
      const start = async () =>
        startProgram(await plan.program(at.port, binary), () => plan.greet(at), context);
      await start();
      return {
        url: plan.url(at),
        origin: `${formatVersion(binary.version)} (${binary.origin})`,
        port: at.port,
        start,
        stop: async () => {
          context.expected.add(name);
          await context.leash.stop(name);
        },
        dispose: async () => undefined,
      };
    } catch (error) {
      if (attempt === 3 || !isPortTaken(error)) throw error;
      wished = undefined;
    }
  }
};

const isPortTaken = (error: unknown): boolean =>
  error instanceof Error && /address already in use/i.test(error.message);

const startProgram = async (
  program: LeashedProgram,
  greet: () => Promise<unknown>,
  { leash, expected }: RunContext,
): Promise<void> => {
  expected.add(program.id);
  const { ended, forget } = whenEnded(leash, program);
  try {
    await leash.spawn(program);
    await waitUntil(greet, {
      what: `${program.id} did not answer`,
      timeoutMs: startTimeoutMs,
      abandoned: ended,
    });
    expected.delete(program.id);
  } catch (error) {
    await leash.stop(program.id);
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

const runContainer = async (image: string, origin: string, plan: ServerPlan): Promise<RunningServer> => {
  const container = await startContainer(image, plan.container());
  const ready = () =>
    waitUntil(() => plan.greet(container), {
      what: `${plan.source.title} did not answer`,
      timeoutMs: startTimeoutMs,
    });
  await ready();
  return {
    url: plan.url(container),
    origin,
    stop: container.stop,
    start: async () => {
      await container.start();
      await ready();
    },
    dispose: container.stop,
  };
};
