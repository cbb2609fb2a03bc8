import { constants } from 'node:os';

/** What ends long work, and a way to let go of the signals again. */
export type Interrupt = Disposable & { readonly signal: AbortSignal };

/**
 * Aborted by Ctrl-C or SIGTERM, so that the work may end where it is whole; a second one ends the process at once, as it
 * would without this.
 */
export function onInterrupt(): Interrupt {
  const controller = new AbortController();
  const interrupt = (name: 'SIGINT' | 'SIGTERM'): void => {
    if (controller.signal.aborted) process.exit(128 + constants.signals[name]);
    controller.abort();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => process.off('SIGINT', interrupt).off('SIGTERM', interrupt),
  };
}
