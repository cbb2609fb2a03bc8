import type { ClientEvents } from './client-events.js';
import type { ConnectionState } from './connection-state.js';
import type { Listeners } from './listeners.js';
import { type RefusalError, unavailable } from './refusal-error.js';

export type UntilOpenOptions = {
  readonly url: string;
  readonly on: Listeners<ClientEvents>['on'];
  readonly state: () => ConnectionState;
  /** Why it stopped, if it did so by itself. */
  readonly stoppedBy: () => RefusalError | undefined;
};

/**
 * Waits for an open session, so many ms at most.
 *
 * @throws RefusalError when it has stopped, or time is up
 */
export function createUntilOpen(options: UntilOpenOptions): (withinMs: number) => Promise<void> {
  const { url, on, state, stoppedBy } = options;
  return (withinMs) =>
    new Promise((resolve, reject) => {
      const settled = (): boolean => {
        const { tag } = state();
        if (tag === 'open') resolve();
        else if (tag === 'stopped') reject(stoppedBy() ?? unavailable('the client was closed'));
        else return false;
        return true;
      };
      if (settled()) return;
      const off = on('state', () => settled() && done());
      const timer = setTimeout(() => {
        done();
        reject(unavailable(`no connection to ${url} within ${withinMs} ms`));
      }, withinMs);
      const done = (): void => {
        off();
        clearTimeout(timer);
      };
    });
}
