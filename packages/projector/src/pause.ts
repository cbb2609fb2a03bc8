import { setTimeout as sleep } from 'node:timers/promises';

/** Waits so many ms, or until the signal is aborted. Never rejects. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal }).catch(() => undefined);
