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
 * a second later, exits at once. `start` is given what stops the service from within, which is no signal. Uncaught errors are bugs: they are logged and end the process, for whoever watches it to start it again.
 */
export const runService = async (
  name: string,
  log: Log,
  start: (stop: (reason: string) => void) => Promise<Started>,
  stopWithinMs = stopTimeoutMs,
): Promise<void> => {
  const stopped = Promise.withResolvers<string>();
  const stop = watchForStop(log, stopWithinMs, stopped.resolve);
  process.on('uncaughtException', (error) => crash(log, error, 'uncaught exception'));
  process.on('unhandledRejection', (error) => crash(log, error, 'unhandled rejection'));
  try {
    const started = await start(stop);
    log.info({ ...started.info }, `${name} is ready`);
    process.send?.({ ready: { ...started.info } });
    log.info(`${name} stops: ${await stopped.promise}`);
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

/** Stops at a signal, and when it is called, whichever comes first. */
const watchForStop = (
  log: Log,
  stopWithinMs: number,
  onStop: (reason: string) => void,
): ((reason: string) => void) => {
  let isStopping = false;
  let signalledAt: number | undefined;
  const stop = (reason: string): void => {
    if (isStopping) return;
    isStopping = true;
    // Also where the start hangs, or a resource does.
    setTimeout(() => {
      log.error(`not stopped within ${stopWithinMs} ms: leaving`);
      process.exit(1);
    }, stopWithinMs).unref();
    onStop(reason);
  };
  const signalled = (reason: string): void => {
    if (signalledAt !== undefined) {
      if (performance.now() - signalledAt < echoMs) return;
      log.warn(`${reason} again: leaving at once`);
      process.exit(1);
    }
    signalledAt = performance.now();
    stop(reason);
  };
  process.on('SIGTERM', () => signalled('SIGTERM'));
  process.on('SIGINT', () => signalled('SIGINT'));
  if (process.connected) process.once('disconnect', () => isStopping || signalled('the parent is gone'));
  return stop;
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
