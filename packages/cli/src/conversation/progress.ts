import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import { onInterrupt } from '../terminal/interrupt.js';
import { createProgress, type Progress } from '../terminal/progress.js';

/** Shows how far something is whose length is known when it begins, and ends it by Ctrl-C. */
export type Steps = Disposable & {
  /** @throws CliError after Ctrl-C */
  readonly reached: (done: number, of: number) => void;
  /** How many a second, since it began. */
  readonly rate: (done: number) => number;
};

export function showSteps(what: string, { json, onCancel }: { json: boolean; onCancel: string }): Steps {
  const interrupt = onInterrupt();
  const startedAt = performance.now();
  let progress: Progress | undefined;
  let before = 0;
  return {
    reached(done, of) {
      if (interrupt.signal.aborted) throw new CliError(onCancel, exitCodes.interrupted);
      if (json) return;
      progress ??= createProgress(of, what);
      progress.step(done - before);
      before = done;
    },
    rate: (done) => Math.round((1_000 * done) / Math.max(1, performance.now() - startedAt)),
    [Symbol.dispose]() {
      progress?.stop();
      interrupt[Symbol.dispose]();
    },
  };
}
