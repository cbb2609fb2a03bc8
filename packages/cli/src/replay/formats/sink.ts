import type { Told } from '../logged.js';

/** Where events go, in one format. */
export type Sink = {
  /** Resolves when there is room for more; false when nobody reads any more. */
  write(events: readonly Told[]): Promise<boolean>;
  /** Writes what is held back. */
  finish(): Promise<void>;
};
