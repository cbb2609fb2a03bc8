import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import { endOfFile, lastWords } from './last-words.js';
import { decideRestart, neverFailed } from './restart-policy.js';
import { type ServiceInfo, type ServiceSpec, startServiceProcess } from './service-process.js';

export type KeptService = {
  readonly name: string;
  /** Asks it to stop, and never starts it again; resolves when it is gone. */
  stop(): Promise<void>;
};

export type Keeper = {
  /** How to start it the next time; the ready info of the last time may fix what was left open, such as a port. */
  readonly specOf: (last: ServiceInfo | undefined) => ServiceSpec;
  readonly report: (line: string) => void;
  /** It is not started again. */
  readonly onGiveUp: (reason: string) => void;
};

/** How long a service may take to stop, in ms, before it is killed. */
const GRACE_MS = 10_000;

/**
 * Starts a service, waits until it is ready, and starts it again whenever it ends, as the restart policy says.
 *
 * @throws CliError when it does not become ready the first time
 */
export async function keepRunning(keeper: Keeper): Promise<KeptService & { readonly info: ServiceInfo }> {
  let state = neverFailed;
  let stopping = false;
  let wait: ReturnType<typeof setTimeout> | undefined;
  let spec = keeper.specOf(undefined);
  let running = startServiceProcess(spec, keeper.report);
  const info = await running.ready.catch(async (error: Error) => {
    await running.stop(GRACE_MS);
    const { name, log } = spec;
    const words = lastWords(await endOfFile(log)) ?? error.message;
    throw new CliError(`${name} does not start: ${words}; see ${log}`, exitCodes.failed);
  });
  watch();

  function watch(): void {
    void running.ended.then(async (ending) => {
      if (stopping) return;
      const { name, log } = spec;
      const how =
        ending.code === null
          ? 'was killed'
          : (lastWords(await endOfFile(log)) ?? `ended with ${ending.code}`);
      const decision = decideRestart(state, ending);
      if (decision.tag === 'giveUp') {
        stopping = true;
        return keeper.onGiveUp(`${name} is not started again: ${decision.reason}. Last: ${how}; see ${log}`);
      }
      state = decision.state;
      keeper.report(`${name}: ${how}; it is started again in ${decision.afterMs} ms`);
      if (!stopping) wait = setTimeout(start, decision.afterMs);
    });
  }

  function start(): void {
    if (stopping) return;
    spec = keeper.specOf(info);
    running = startServiceProcess(spec, keeper.report);
    void running.ready.then(
      () => keeper.report(`${spec.name} is back`),
      () => undefined,
    );
    watch();
  }

  return {
    name: spec.name,
    info,
    async stop() {
      stopping = true;
      clearTimeout(wait);
      await running.stop(GRACE_MS);
    },
  };
}
