import type { Log } from './log.js';

/** Something to let go of when the service stops. */
export type Resource = { readonly name: string; readonly dispose: () => Promise<unknown> | unknown };

export type Started = {
  /** Told to the parent process when the service is ready: its port, its URL. */
  readonly info?: Readonly<Record<string, unknown>>;
  /** In the order in which they were made; disposed of in reverse. */
  readonly resources: readonly Resource[];
};

/** How long a service may take to stop unless it says otherwise; then it leaves with what it was doing undone. */
export const stopTimeoutMs = 10_000;

/**
 * Runs a service until SIGTERM, SIGINT, or the parent's end (its IPC channel closes), then disposes of its resources in
 * reverse and exits: 0 after an orderly stop, 1 after a failure or when stopping took too long. A second signal,
 * a second later, exits at once. Uncaught errors are bugs: they are logged and end the process, for whoever watches it to start it again.
 */
export const runService = async (
  name: string,
  log: Log,
  start: () => Promise<Started>,
  stopWithinMs = stopTimeoutMs,
): Promise<void> => {
  const stop = new Promise<string>((resolve) => watchForStop(log, stopWithinMs, resolve));
  process.on('uncaughtException', (error) => crash(log, error, 'uncaught exception'));
  process.on('unhandledRejection', (error) => crash(log, error, 'unhandled rejection'));
  try {
    const started = await start();
    log.info({ ...started.info }, `${name} is ready`);
    process.send?.({ ready: { ...started.info } });
    log.info(`${name} stops: ${await stop}`);
    process.exit((await disposeAll(started.resources, log)) ? 0 : 1);
  } catch (error) {
    crash(log, error, `${name} could not start`);
  }
};

/** A sentence for whoever started this process and shows people how it goes. */
export const tellParent = (line: string): void => {
  process.send?.({ note: line });
};

/** Ctrl-C reaches a process more than once: from the terminal, and from every parent that passes it on. */
const echoMs = 1_000;

const watchForStop = (log: Log, stopWithinMs: number, stop: (reason: string) => void): void => {
  let askedAt: number | undefined;
  const ask = (reason: string): void => {
    if (askedAt !== undefined) {
      if (performance.now() - askedAt < echoMs) return;
      log.warn(`${reason} again: leaving at once`);
      process.exit(1);
    }
    askedAt = performance.now();
    // Also where the start hangs, or a resource does.
    setTimeout(() => {
      log.error(`not stopped within ${stopWithinMs} ms: leaving`);
      process.exit(1);
    }, stopWithinMs).unref();
    stop(reason);
  };
  process.on('SIGTERM', () => ask('SIGTERM'));
  process.on('SIGINT', () => ask('SIGINT'));
  if (process.connected) process.once('disconnect', () => askedAt === undefined && ask('the parent is gone'));
};

/** True when everything was let go of. One resource that fails or hangs does not keep the others. */
const disposeAll = async (resources: readonly Resource[], log: Log): Promise<boolean> => {
  let clean = true;
  for (const resource of resources.toReversed()) {
    try {
      await resource.dispose();
    } catch (error) {
      clean = false;
      log.error({ err: error }, `${resource.name} did not stop cleanly`);
    }
  }
  return clean;
};

const crash = (log: Log, error: unknown, what: string): never => {
  log.fatal({ err: error }, what);
  process.exit(1);
};
